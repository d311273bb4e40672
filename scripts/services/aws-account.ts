/** An account in moto: a role with the seed's policy, and STS behind a listener that tells what it was asked. */
import { createServer, type IncomingMessage } from "node:http";
import type { S3Service } from "./s3-service.ts";

export const ROLE_ARN = "arn:aws:iam::123456789012:role/AWS-Loki-Role";

const IAM =
  "AWS4-HMAC-SHA256 Credential=x/20231101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x";

/** The policy of the seed, for one bucket, and its role. */
export async function makeRole(moto: S3Service, bucket: string): Promise<void> {
  const anyone = { Effect: "Allow", Action: "sts:AssumeRoleWithWebIdentity", Principal: "*" };
  const policy = {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "LokiStorage",
        Effect: "Allow",
        Action: ["s3:ListBucket", "s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
    ],
  };
  const RoleName = "AWS-Loki-Role";
  await iam(moto, {
    Action: "CreateRole",
    RoleName,
    AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [anyone] }),
  });
  await iam(moto, {
    Action: "PutRolePolicy",
    RoleName,
    PolicyName: "AWSLokiS3",
    PolicyDocument: JSON.stringify(policy),
  });
}

async function iam({ endpoint }: S3Service, call: Record<string, string>): Promise<void> {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: { authorization: IAM },
    body: new URLSearchParams({ Version: "2010-05-08", ...call }),
  });
  if (!answer.ok) throw new Error(`moto: ${call["Action"]}: ${await answer.text()}`);
}

/** From now on moto checks signatures and rights. */
export async function enforceRights({ endpoint }: S3Service): Promise<void> {
  const answer = await fetch(`${endpoint}/moto-api/reset-auth`, { method: "POST", body: "0" });
  if (!answer.ok) throw new Error(`moto: reset-auth: status ${answer.status}`);
}

export interface StsListener {
  readonly endpoint: string;
  /** The web identity tokens that were exchanged, in order. */
  readonly tokens: readonly string[];
  /** How long keys live from now on, in milliseconds; undefined for as long as moto says. */
  lifeMs: number | undefined;
  close(): Promise<void>;
}

export async function listenToSts(moto: S3Service): Promise<StsListener> {
  const tokens: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    tokens.push(new URLSearchParams(body).get("WebIdentityToken") ?? "");
    // moto knows the service by the host's name.
    const headers = { "content-type": "application/x-www-form-urlencoded", authorization: STS };
    const answer = await fetch(moto.endpoint, { method: "POST", headers, body });
    const xml = await answer.text();
    const end = new Date(Date.now() + (listener.lifeMs ?? 0)).toISOString();
    response.writeHead(answer.status, { "content-type": "text/xml" });
    response.end(
      listener.lifeMs === undefined
        ? xml
        : xml.replace(/<Expiration>[^<]*/, () => `<Expiration>${end}`),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const listener: StsListener = {
    endpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    tokens,
    lifeMs: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return listener;
}

const STS = IAM.replace("/iam/", "/sts/");

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
