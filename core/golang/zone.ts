/**
 * Time zones as Go's time.Location: what the clock shows at a moment, and what that is called there.
 * The rules are the runtime's (Intl).
 */

export interface Offset {
  /** Seconds east of Greenwich. */
  readonly seconds: number;
  /** `CET`, `EST`, or as the time zone database has it where no letters are in use: `-03`. */
  readonly abbreviation: string;
}

export interface Zone {
  readonly name: string;
  /** What holds at a moment, in Unix seconds. */
  at(unixSeconds: number): Offset;
}

export const UTC: Zone = fixedZone("UTC", 0);

export function fixedZone(name: string, seconds: number): Zone {
  const offset = { seconds, abbreviation: name };
  return { name, at: () => offset };
}

const ZONES = new Map<string, Zone | undefined>();
const ZONES_MAX = 1024;

/** A zone of the time zone database by name; undefined when there is none. The server's own zone is UTC. */
export function loadZone(name: string): Zone | undefined {
  if (name === "" || name === "UTC" || name === "Local") return UTC;
  if (ZONES.has(name)) return ZONES.get(name);
  const zone = isZoneName(name) ? new DatabaseZone(name) : undefined;
  if (ZONES.size < ZONES_MAX) ZONES.set(name, zone);
  return zone;
}

function isZoneName(name: string): boolean {
  if (!/^[A-Za-z][\w+/-]*$/.test(name)) return false; // Intl also knows offsets such as "+01:00".
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Rules change at quarters of an hour, so one answer serves a quarter. */
const QUARTER_SECONDS = 900;
const QUARTERS_MAX = 4096;

class DatabaseZone implements Zone {
  readonly name: string;
  readonly #clock: Intl.DateTimeFormat;
  readonly #quarters = new Map<number, Offset>();

  constructor(name: string) {
    this.name = name;
    this.#clock = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  at(unixSeconds: number): Offset {
    const quarter = Math.floor(unixSeconds / QUARTER_SECONDS);
    let offset = this.#quarters.get(quarter);
    if (offset === undefined) {
      const seconds = this.#secondsAt(quarter * QUARTER_SECONDS);
      const moment = quarter * QUARTER_SECONDS * 1000;
      offset = { seconds, abbreviation: abbreviate(this.name, moment, seconds) };
      if (this.#quarters.size >= QUARTERS_MAX) this.#quarters.clear();
      this.#quarters.set(quarter, offset);
    }
    return offset;
  }

  /** What the clock there shows, read as if it were UTC, less the moment. */
  #secondsAt(unixSeconds: number): number {
    const parts = new Map<string, string>();
    for (const { type, value } of this.#clock.formatToParts(unixSeconds * 1000)) {
      parts.set(type, value);
    }
    const part = (type: string) => Number(parts.get(type));
    const year = parts.get("era")?.startsWith("B") ? 1 - part("year") : part("year");
    const shown = new Date(0);
    shown.setUTCFullYear(year, part("month") - 1, part("day"));
    shown.setUTCHours(part("hour"), part("minute"), part("second"));
    return shown.getTime() / 1000 - unixSeconds;
  }
}

/** No language has the letters of all zones; each has those of its own region. */
const LANGUAGES = ["en-US", "en-GB", "en-AU", "en-IN", "en-ZA", "ja-JP"];

function abbreviate(name: string, moment: number, seconds: number): string {
  for (const language of LANGUAGES) {
    const format = new Intl.DateTimeFormat(language, { timeZone: name, timeZoneName: "short" });
    const part = format.formatToParts(moment).find(({ type }) => type === "timeZoneName");
    if (part !== undefined && /^[A-Z]{3,5}$/.test(part.value)) return part.value;
  }
  const minutes = Math.abs(Math.trunc(seconds / 60));
  const digits = [Math.floor(minutes / 60), minutes % 60].map((each) => `${each}`.padStart(2, "0"));
  return (seconds < 0 ? "-" : "+") + digits[0] + (digits[1] === "00" ? "" : digits[1]);
}
