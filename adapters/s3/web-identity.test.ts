import { world } from "../../scripts/services/s3-store-tests.ts";
import { webIdentityTests } from "../../scripts/services/web-identity-tests.ts";
import { makeS3Store } from "./object-store.ts";

/** Amazon's client finds its way by the environment of the process, as on EKS. */
webIdentityTests(
  "s3",
  (settings, { roleArn, tokenFile, stsEndpoint }) => {
    process.env["AWS_ROLE_ARN"] = roleArn;
    process.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = tokenFile;
    process.env["AWS_ENDPOINT_URL_STS"] = stsEndpoint;
    process.env["AWS_REGION"] = "us-east-1";
    return makeS3Store(settings, world);
  },
  { renews: true },
);
