/**
 * Profiles by the sampling profiler and the heap statistics that Bun's engine, JavaScriptCore, has of its own.
 * Both are loaded when they are asked for: most processes never are.
 */
import type { Profiler as Inspected } from "node:inspector";
import { Unavailable } from "../../core/model/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { Frame, HeapProfile, Profiler, SampledStack } from "../../core/ports/profiler.ts";

/** A hundred looks a second, as Go has it. */
const PERIOD_US = 10_000;

export function bunProfiler(clock: Clock): Profiler {
  let busy = false;
  return {
    async cpu(ms, signal) {
      if (busy) throw new Unavailable("the profiler runs already");
      busy = true;
      try {
        const { Session } = await import("node:inspector/promises");
        const session = new Session();
        session.connect();
        try {
          await session.post("Profiler.enable");
          await session.post("Profiler.setSamplingInterval", { interval: PERIOD_US });
          await session.post("Profiler.start");
          await clock.sleep(ms, signal);
          const { profile } = await session.post("Profiler.stop");
          return { periodUs: PERIOD_US, stacks: stacksOf(profile.nodes) };
        } finally {
          session.disconnect();
        }
      } finally {
        busy = false;
      }
    },
    async heap({ collect }): Promise<HeapProfile> {
      const { fullGC, heapStats } = await import("bun:jsc");
      if (collect) fullGC();
      const sizes: Record<string, number> = {};
      const stats = heapStats();
      for (const [name, value] of Object.entries(stats)) {
        if (typeof value === "number") sizes[name] = value;
      }
      return { sizes, objects: Object.entries(stats.objectTypeCounts) };
    },
  };
}

/** The tree of calls as the stacks in which something was seen. */
export function stacksOf(nodes: readonly Inspected.ProfileNode[]): SampledStack[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const stacks: SampledStack[] = [];
  const [root] = nodes;
  const open: { id: number; callers: readonly Frame[] }[] = [];
  const descend = (children: readonly number[] | undefined, callers: readonly Frame[]) => {
    for (const id of children ?? []) open.push({ id, callers });
  };
  descend(root?.children, []);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const node = byId.get(next.id);
    if (node === undefined) continue;
    const frames = [frameOf(node), ...next.callers];
    if (node.hitCount) stacks.push({ frames, count: node.hitCount });
    descend(node.children, frames);
  }
  return stacks;
}

function frameOf({ callFrame }: Inspected.ProfileNode): Frame {
  const { functionName, url, lineNumber } = callFrame;
  return {
    name: functionName || "(anonymous)",
    file: url.replace(/^file:\/\//, ""),
    line: Math.max(0, lineNumber + 1),
  };
}
