/** Buckets without a server, seen through the delete requests that are kept in them. */
import { ActiveDeletes } from "../../core/deletes/active.ts";
import { BucketDeleteRequests, byAge } from "../../core/deletes/bucket-home.ts";
import { FilteredSource } from "../../core/deletes/filtered-source.ts";
import type { Tenant } from "../../core/model/tenant.ts";
import type { LogSource } from "../../core/ports/log-source.ts";
import { UNMETERED } from "../../core/ports/meter.ts";
import type { Buckets } from "../../core/store/buckets.ts";
import { ownLimits } from "../query-local.ts";
import { stderrJournal } from "./journal.ts";
import { runtime } from "./runtime.ts";

export function throughDeletes(buckets: Buckets): LogSource {
  const { clock, search } = runtime;
  const journal = stderrJournal("warn");
  const stores = new Set(buckets.all.map(({ objects }) => objects));
  const homes = Array.from(
    stores,
    (objects) => new BucketDeleteRequests({ objects, clock, journal }),
  );
  const list = async (tenant?: Tenant) => {
    const lists = await Promise.all(homes.map((home) => home.list(tenant)));
    return lists.flat().sort(byAge);
  };
  const parts = { requests: { list }, limits: ownLimits, meter: UNMETERED };
  return new FilteredSource(
    buckets.source,
    new ActiveDeletes({ ...parts, clock, journal, search }),
  );
}
