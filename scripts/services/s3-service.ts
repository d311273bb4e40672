/** An S3 server that we did not write, for tests. It listens on 127.0.0.1 and holds nothing at first. */
export interface S3Service {
  readonly name: string;
  /** `http://127.0.0.1:41234` */
  readonly endpoint: string;
  makeBucket(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Keys that every one of them takes. */
export const TEST_KEYS = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
