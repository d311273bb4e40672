import { after } from "node:test";
import { world } from "../../scripts/services/s3-store-tests.ts";
import { webIdentityTests } from "../../scripts/services/web-identity-tests.ts";
import { makeS3Store } from "./object-store.ts";

const NAMES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_ROLE_ARN",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_ENDPOINT_URL_STS",
  "AWS_REGION",
];
const before = NAMES.map((name) => [name, process.env[name]] as const);
after(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

/** Amazon's client finds its way by the environment of the process, as on EKS. */
webIdentityTests(
  "s3",
  (settings, { roleArn, tokenFile, stsEndpoint }) => {
    delete process.env["AWS_ACCESS_KEY_ID"];
    process.env["AWS_ROLE_ARN"] = roleArn;
    process.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = tokenFile;
    process.env["AWS_ENDPOINT_URL_STS"] = stsEndpoint;
    process.env["AWS_REGION"] = "us-east-1";
    return makeS3Store(settings, world);
  },
  { renews: true },
);
