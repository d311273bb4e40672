/** Errors of Amazon's client as failures of a request. The client's error itself stays here: it holds requests. */
import { NO_ANSWER, S3Failure } from "../../core/remote/s3-failure.ts";

interface ClientError {
  readonly name?: string;
  readonly code?: string;
  readonly Code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The status of a failure that was none of the service's: there was nothing to sign with. */
const UNAUTHORIZED = 401;

export function failureOf(error: unknown): S3Failure {
  if (error instanceof S3Failure) return error;
  const { name, code, Code, message = "", $metadata }: ClientError = error as ClientError;
  if (name === "CredentialsProviderError") return new S3Failure(name, UNAUTHORIZED, message);
  const status = $metadata?.httpStatusCode ?? NO_ANSWER;
  return new S3Failure(wordOf(status, [Code, code, name]), status, message);
}

/** The service's code where the answer had one. An answer without a body has only its status. */
function wordOf(status: number, words: readonly (string | undefined)[]): string {
  const word = words.find((text) => text && !/^(Error|Unknown|UnknownError)$/.test(text));
  return word ?? (status === NO_ANSWER ? "NoAnswer" : `HTTP${status}`);
}
