/** From the body of a push over OTLP/HTTP to streams (spec http-api §3.6). */
import { BadRequest } from "../model/errors.ts";
import type { Codecs } from "../ports/codecs.ts";
import { decompressBody, type PushBody } from "./body.ts";
import { decodeOtlpJson } from "./otlp-json.ts";
import { decodeOtlpProto } from "./otlp-proto.ts";
import type { OtlpStreams } from "./otlp-streams.ts";

/** Throws BadRequest on what is no such push, LimitExceeded (413) on what is larger than `sizeMax` bytes. */
export async function readOtlpBody(
  body: PushBody,
  into: OtlpStreams,
  codecs: Codecs,
  sizeMax: number,
): Promise<void> {
  const decode = decoderOf(body.contentType);
  decode(await unpack(body, codecs, sizeMax), into);
}

function decoderOf(contentType: string): (bytes: Uint8Array, into: OtlpStreams) => void {
  const [type = ""] = contentType.split(";", 1);
  switch (type.trim().toLowerCase()) {
    case "application/x-protobuf":
      return decodeOtlpProto;
    case "application/json":
      return decodeOtlpJson;
    default:
      throw new BadRequest(`content type: ${contentType} is not supported`);
  }
}

async function unpack(body: PushBody, codecs: Codecs, sizeMax: number): Promise<Uint8Array> {
  const { bytes, contentEncoding } = body;
  switch (contentEncoding) {
    case "":
      return bytes;
    case "gzip":
    case "zstd":
    case "lz4":
      if (bytes.length === 0) throw new BadRequest("EOF");
      return await decompressBody(body, codecs, sizeMax);
    default:
      throw new BadRequest(
        `unsupported content encoding ${contentEncoding}: only gzip, lz4 and zstd are supported`,
      );
  }
}
