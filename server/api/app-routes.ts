import { z } from "@hono/zod-openapi";
import { installationStates, type AppRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { AdamId, Time, missing, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const count = z.number().int();
const appFields = {
  adamId: z.string(),
  name: z.string(),
  bundleId: z.string(),
  pricingParam: z.string(),
  deviceAssignable: z.boolean(),
  irrevocable: z.boolean(),
  total: count,
  used: count.openapi({ description: "Assigned by Apple's count, whoever assigned them." }),
  available: count,
  retired: count,
  syncedAt: Time,
};
const App = z.strictObject(appFields).openapi("App");
export type App = z.infer<typeof App>;
const AppDetail = z
  .strictObject({ ...appFields, installations: z.record(z.enum(installationStates), count) })
  .openapi("AppDetail");
export type AppDetail = z.infer<typeof AppDetail>;

function viewApp(app: AppRecord): z.infer<typeof App> {
  return {
    adamId: app.id,
    name: app.name,
    bundleId: app.bundleId,
    pricingParam: app.pricingParam,
    deviceAssignable: app.deviceAssignable,
    irrevocable: app.irrevocable,
    total: app.total,
    used: app.assigned,
    available: app.available,
    retired: app.retired,
    syncedAt: timeOf(app.syncedAt),
  };
}

/** By state, from the index alone. */
export async function countInstallations(
  reader: Reader,
  adamId: string,
): Promise<z.infer<typeof AppDetail>["installations"]> {
  const counts = {
    pending: 0,
    waitingForTerms: 0,
    installing: 0,
    installed: 0,
    removing: 0,
    notInstalled: 0,
    failed: 0,
    notApplicable: 0,
  };
  for (const state of installationStates) {
    counts[state] = await reader.count("installations", "byAppState", `${adamId} ${state}`);
  }
  return counts;
}

export function appRoutes({ store }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/apps",
      role: "read-only",
      tag: "Apps",
      summary: "Lists the apps the organisation holds licences of",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(App) },
      async handle({ query }) {
        const page = await store.read((reader) =>
          readPage(reader, { collection: "apps", index: "all", ...query }),
        );
        return { items: page.records.map(viewApp), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/apps/{adamId}",
      role: "read-only",
      tag: "Apps",
      summary: "One app, with its installations counted by state",
      params: z.strictObject({ adamId: AdamId }),
      answer: { status: 200, schema: AppDetail },
      refusals: ["not_found"],
      async handle({ params }) {
        return await store.read(async (reader) => {
          const app = await reader.get("apps", params.adamId);
          if (!app) throw missing("app", params.adamId);
          return { ...viewApp(app), installations: await countInstallations(reader, app.id) };
        });
      },
    }),
  ];
}
