/**
 * An ingester's life: replay, then flush and checkpoint on their rhythms until it is told to stop. At
 * the end the WAL has everything that the store has not.
 */
import type { LogDisk } from "../ports/log-disk.ts";
import type { ChunkSink } from "../store/sink.ts";
import { replay } from "../wal/reader.ts";
import { WalWriter } from "../wal/writer.ts";
import { checkpoint } from "./checkpoints.ts";
import { Flusher } from "./flush.ts";
import type { Ingester } from "./ingester.ts";
import { meterReplay } from "./meters.ts";
import { Recovery } from "./recover.ts";

export type IngesterPhase =
  | { readonly name: "new" | "running" | "stopping" | "stopped" }
  | { readonly name: "replaying"; readonly done: number; readonly total: number };

export class IngesterLife {
  readonly flusher: Flusher;
  readonly #ingester: Ingester;
  readonly #disk: LogDisk | undefined;
  readonly #stop = new AbortController();
  #wal: WalWriter | undefined;
  #loops: Promise<unknown> = Promise.resolve();
  #phase: IngesterPhase = { name: "new" };
  #stopped: Promise<void> | undefined;
  /** One checkpoint at a time. */
  #checkpointing: Promise<void> = Promise.resolve();

  /** Without a disk there is no WAL: what is in memory goes with the process unless it is flushed. */
  constructor(ingester: Ingester, sink: ChunkSink, disk: LogDisk | undefined) {
    this.#ingester = ingester;
    this.#disk = disk;
    this.flusher = new Flusher(ingester, sink, () => this.#forgetIndexed());
    ingester.refuse("Ingester is starting: the WAL is being replayed");
  }

  get phase(): IngesterPhase {
    return this.#phase;
  }

  /** Replays what an earlier process left. When it resolves, pushes may come. */
  async start(): Promise<void> {
    if (this.#disk !== undefined) {
      await this.#replay(this.#disk);
      const { clock, journal, meter, settings } = this.#ingester.parts;
      const { sync } = settings.wal;
      this.#wal = await WalWriter.open(this.#disk, { sync, clock, journal, meter });
      this.#ingester.useWal(this.#wal);
    }
    this.#ingester.accept();
    this.#phase = { name: "running" };
    const { flushCheckPeriodMs, wal } = this.#ingester.parts.settings;
    this.#loops = Promise.all([
      this.#every(flushCheckPeriodMs, () => this.flusher.sweep()),
      this.#every(wal.checkpointDurationMs, () => this.#checkpoint()),
    ]);
  }

  /** Takes no more pushes; with `flush` everything goes to the store first. May be called more than once. */
  stop(options: { flush: boolean }): Promise<void> {
    this.#stopped ??= this.#shutDown(options);
    return this.#stopped;
  }

  async #shutDown({ flush }: { flush: boolean }): Promise<void> {
    this.#phase = { name: "stopping" };
    this.#ingester.refuse("Ingester is shutting down");
    this.#stop.abort();
    await this.#loops;
    try {
      if (flush || this.#wal === undefined) {
        await this.flusher.sweep({ force: true });
        await this.#checkpoint();
      } else if (await this.flusher.uploadIndex()) {
        await this.#forgetIndexed();
      }
    } finally {
      await this.#wal?.close();
      this.#phase = { name: "stopped" };
    }
  }

  async #replay(disk: LogDisk): Promise<void> {
    const { journal, meter, clock } = this.#ingester.parts;
    const startMs = clock.ticksMs();
    meter.gauge("loki_ingester_wal_replay_active", 1);
    this.#phase = { name: "replaying", done: 0, total: 0 };
    const recovery = new Recovery(this.#ingester, this.flusher);
    const report = await replay(disk, (record) => recovery.visit(record), {
      onDamage: ({ segment, offset, kind, what }) =>
        journal.log("warn", "damage in the WAL", { segment, offset, kind, what }),
      onProgress: (done, total) => {
        this.#phase = { name: "replaying", done, total };
      },
    });
    const { corrupt, torn, holes, segments, records, bytes } = report;
    const tookMs = clock.ticksMs() - startMs;
    meterReplay(meter, this.#ingester, { ...recovery.done(), bytes, corrupt, tookMs });
    if (report.records === 0 && report.damage.length === 0) return;
    journal.log("info", "WAL replayed", {
      segments,
      records,
      ...recovery.done(),
      corrupt,
      torn,
      holes,
    });
  }

  /**
   * Takes what the store's index has by now out of the WAL: a replay would bring it back into memory,
   * where it counts a second time and is stored a second time.
   */
  async #forgetIndexed(): Promise<void> {
    const { journal } = this.#ingester.parts;
    await this.#checkpoint().catch((error) =>
      journal.log("warn", "checkpoint failed, the next one makes up for it", { err: error }),
    );
  }

  #checkpoint(): Promise<void> {
    const next = this.#checkpointing.then(() => this.#writeCheckpoint());
    this.#checkpointing = next.catch(() => {});
    return next;
  }

  async #writeCheckpoint(): Promise<void> {
    if (this.#wal === undefined || this.#disk === undefined) return;
    const { meter, clock } = this.#ingester.parts;
    const startMs = clock.ticksMs();
    meter.count("loki_ingester_checkpoint_creations_total", 1);
    try {
      await checkpoint(this.#ingester, this.#wal, this.#disk);
    } catch (error) {
      meter.count("loki_ingester_checkpoint_creations_failed_total", 1);
      throw error;
    }
    const seconds = (clock.ticksMs() - startMs) / 1000;
    meter.observe("loki_ingester_checkpoint_duration_seconds", seconds);
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    const { clock, journal } = this.#ingester.parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(ms, signal);
      if (signal.aborted) return;
      // A disk or store that fails now may be back at the next turn; nothing is let go of until then.
      await work().catch((error) =>
        journal.log("error", "ingester task failed", { err: String(error) }),
      );
    }
  }
}
