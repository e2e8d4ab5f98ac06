/** How an installation looks to an admin: Intune's five words, and the error code that admins search the web for. */
import { z } from "@hono/zod-openapi";
import {
  errorOf,
  reasonSentences,
  statusDetails,
  type ErrorFacts,
  type StatusDetail,
} from "../monitoring/error-codes.ts";
import { installationLabels, labelByState } from "../monitoring/labels.ts";
import { licenseTypeOf } from "../deployments/holders.ts";
import type { InstallationRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { LicenseTypeName, Time, timeOf } from "./fields.ts";

export const InstallationParams = z.strictObject({
  installationId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}:[0-9]{1,20}$/, "expected <udid>:<adamId>")
    .openapi({ example: "0000000000000000000000000000000000000001:361309726" }),
});

/** Stored ids have a space, which a URL would need to escape. */
export function storedInstallationId(id: string): string {
  return id.replace(":", " ");
}

const StatusDetailName = z.enum(Object.keys(statusDetails) as [StatusDetail, ...StatusDetail[]]);

/** What is shown of an installation wherever one is listed. */
export const statusFields = {
  state: z.string(),
  label: z.enum(installationLabels),
  reason: z.string().nullable(),
  code: z.string().nullable().openapi({ example: "0x87D13B7E", description: "As Intune shows it." }),
  codeDecimal: z.number().int().nullable().openapi({ example: -2016330882 }),
  codeMeaning: z.string().nullable().openapi({ example: "Apple has no licence of the app left." }),
  statusDetail: StatusDetailName,
  statusDetailCode: z.number().int(),
  detail: z.string().nullable().openapi({ description: "A sentence; what the phone said, if it did." }),
  since: Time.openapi({ description: "Since when state and reason are as they are." }),
  attempts: z.number().int().openapi({ description: "Install commands sent so far." }),
};

export const InstallationView = z
  .strictObject({
    id: z.string().openapi({ description: "`<udid>:<adamId>`" }),
    udid: z.string(),
    adamId: z.string(),
    userId: z.string().nullable(),
    appName: z.string().nullable(),
    userName: z.string().nullable().openapi({ description: "Null when the directory has the user no more." }),
    deviceName: z.string().nullable().openapi({ description: "As the phone last told." }),
    serialNumber: z.string().nullable(),
    desired: z
      .enum(["required", "available", "requiredAndAvailable", "uninstall", "notApplicable"])
      .nullable(),
    licenseType: LicenseTypeName.openapi({
      description: "Whose licence the app has there, or would: the user's, or one of the phone itself.",
    }),
    requiredAt: Time.nullable().openapi({
      description: "The deadline that is still to come: offered until then, pushed from then on.",
    }),
    wantedAt: Time.nullable().openapi({ description: "When the person asked for it in the company portal." }),
    ...statusFields,
    appState: z.string().nullable(),
    appStateAt: Time.nullable(),
    commandUUID: z.string().nullable(),
    commandType: z.string().nullable(),
    dueAt: Time.nullable(),
    waitingSince: Time.nullable(),
  })
  .openapi("Installation");
export type InstallationView = z.infer<typeof InstallationView>;

export function viewStatus(record: InstallationRecord) {
  const error = errorOf(record);
  const statusDetail = error?.statusDetail ?? "noAdditionalDetails";
  return {
    state: record.state,
    label: labelByState[record.state],
    reason: record.reason,
    code: error?.hex ?? null,
    codeDecimal: error?.decimal ?? null,
    codeMeaning: error?.meaning ?? null,
    statusDetail,
    statusDetailCode: statusDetails[statusDetail],
    detail: record.detail ?? (record.reason === null ? null : reasonSentences[record.reason]),
    since: timeOf(record.since),
    attempts: record.attempts,
  };
}

export async function viewInstallation(
  reader: Reader,
  record: InstallationRecord,
): Promise<InstallationView> {
  const app = await reader.get("apps", record.adamId);
  const user = record.userId === null ? undefined : await reader.get("users", record.userId);
  const device = await reader.get("devices", record.udid);
  return {
    id: `${record.udid}:${record.adamId}`,
    udid: record.udid,
    adamId: record.adamId,
    userId: record.userId,
    appName: app?.name ?? null,
    userName: user?.name ?? null,
    deviceName: device?.deviceName ?? null,
    serialNumber: device?.serialNumber ?? null,
    desired: record.desired,
    licenseType: await licenseTypeOf(reader, record),
    requiredAt: timeOf(record.requiredAt ?? null),
    wantedAt: timeOf(record.wantedAt ?? null),
    ...viewStatus(record),
    appState: record.appState,
    appStateAt: timeOf(record.appStateAt),
    commandUUID: record.commandUUID,
    commandType: record.commandType,
    dueAt: timeOf(record.dueAt),
    waitingSince: timeOf(record.waitingSince),
  };
}

export async function viewInstallations(
  reader: Reader,
  records: readonly InstallationRecord[],
): Promise<InstallationView[]> {
  const views: InstallationView[] = [];
  for (const record of records) views.push(await viewInstallation(reader, record));
  return views;
}

export function errorCode(facts: ErrorFacts): string | null {
  return errorOf(facts)?.hex ?? null;
}
