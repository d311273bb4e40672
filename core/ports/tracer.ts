/** Traces of our own work, for whoever collects them. */
export interface Tracer {
  /**
   * Begins a span. `parent` is the request's header `traceparent`; without one, or with one that makes no
   * sense, a new trace begins.
   */
  start(name: string, options?: SpanStart): Span;
}

export interface SpanStart {
  readonly parent?: string | undefined;
  readonly attributes?: Readonly<Record<string, string | number>>;
}

export interface Span {
  /** 32 hex digits for the log; undefined for a span that nobody records. */
  readonly traceId: string | undefined;
  set(name: string, value: string | number): void;
  /** With an error the span has failed; its text is not sent, since it may hold a secret. */
  end(failed?: boolean): void;
}
