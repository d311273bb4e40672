/** What one tenant has in memory: its streams by label text, the index over them, and who follows them. */
import { fingerprint } from "../labels/fingerprint.ts";
import { printLabels } from "../labels/labels.ts";
import type { Labels } from "../model/labels.ts";
import type { Tenant } from "../model/tenant.ts";
import { LabelIndex } from "./label-index.ts";
import { Stream } from "./stream.ts";

/** Fingerprints up to this are kept for streams whose own fingerprint was taken (spec chunk-format §8.1). */
const MAPPED_MAX = 1n << 20n;

export class Instance {
  readonly tenant: Tenant;
  readonly index = new LabelIndex<Stream>();
  readonly #byText = new Map<string, Stream>();
  readonly #byFingerprint = new Map<bigint, Stream>();
  /** Fingerprints given to streams that lost a collision; kept for as long as we run. */
  readonly #mapped = new Map<string, bigint>();
  /**
   * Where the entry counter of a new stream starts: past that of every stream that was here before.
   * Replay drops groups whose counter it has seen, so a counter must not come twice under one reference.
   */
  #counterFloor = 0;

  constructor(tenant: Tenant) {
    this.tenant = tenant;
  }

  get streamCount(): number {
    return this.#byText.size;
  }

  streams(): Iterable<Stream> {
    return this.#byText.values();
  }

  find(labelText: string): Stream | undefined {
    return this.#byText.get(labelText);
  }

  byFingerprint(fp: bigint): Stream | undefined {
    return this.#byFingerprint.get(fp);
  }

  create(labels: Labels, labelText: string): Stream {
    const stream = new Stream({
      labels,
      labelText,
      fingerprint: this.#freeFingerprint(labels, labelText),
    });
    stream.entryCount = this.#counterFloor;
    this.#add(stream);
    return stream;
  }

  /** The stream of a WAL: under the reference it had there, so that the WAL's later records still find it. */
  restore(labels: Labels, ref: bigint): Stream {
    const labelText = printLabels(labels);
    const known = this.#byText.get(labelText);
    if (known !== undefined) return known;
    if (this.#byFingerprint.has(ref)) return this.create(labels, labelText);
    if (ref <= MAPPED_MAX) this.#mapped.set(labelText, ref);
    const stream = new Stream({ labels, labelText, fingerprint: ref });
    this.#add(stream);
    return stream;
  }

  remove(stream: Stream): void {
    this.raiseCounter(stream.entryCount);
    this.#byText.delete(stream.labelText);
    this.#byFingerprint.delete(stream.fingerprint);
    this.index.delete(stream);
  }

  /** Says that a counter has been used, by a stream that is gone or in a WAL that was replayed. */
  raiseCounter(counter: number): void {
    this.#counterFloor = Math.max(this.#counterFloor, counter);
  }

  #add(stream: Stream): void {
    this.#byText.set(stream.labelText, stream);
    this.#byFingerprint.set(stream.fingerprint, stream);
    this.index.add(stream);
  }

  #freeFingerprint(labels: Labels, labelText: string): bigint {
    const mapped = this.#mapped.get(labelText);
    if (mapped !== undefined) return mapped;
    const own = fingerprint(labels);
    if (own > MAPPED_MAX && !this.#byFingerprint.has(own)) return own;
    const taken = new Set(this.#mapped.values());
    let next = 1n;
    while (taken.has(next)) next++;
    this.#mapped.set(labelText, next);
    return next;
  }
}
