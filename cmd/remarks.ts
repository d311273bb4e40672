/** What logcli says beside the data: to stderr, with the time before it as Go's log package has it. */
import { formatTime } from "../core/golang/time-layout.ts";
import { localZone } from "./line-format.ts";
import { runtime } from "./wire/runtime.ts";

export function remark(text: string): void {
  console.error(`${formatTime(runtime.clock.now(), "2006/01/02 15:04:05", localZone())} ${text}`);
}
