/**
 * The disk under a WAL: few files, appended to and synced. Paths are relative, `/`-separated:
 * "00000003", "checkpoint.000002/00000000".
 */
export interface LogDisk {
  /** Names directly inside a folder ("" is the root), any order; none when there is no such folder. */
  list(folder: string): Promise<string[]>;

  /** Bytes of a file, 0 when there is none. */
  size(path: string): Promise<number>;

  /** The bytes of a range of a file; what passes the end is left out. The bytes are the caller's. */
  read(path: string, offset: number, size: number): Promise<Uint8Array>;

  /** Opens a file for appending, making it and its folders when absent. */
  append(path: string): Promise<LogFile>;

  /** Gives a file or folder another name, replacing an empty target; lasts through a crash when it resolves. */
  rename(source: string, target: string): Promise<void>;

  /** Removes a file, or a folder with all that is in it. Removing what is not there is no error. */
  remove(path: string): Promise<void>;
}

export interface LogFile {
  /** Appends bytes; they survive a crash only after `sync`. The bytes may be reused once this resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** When this resolves, everything written before the call was made survives a crash. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
