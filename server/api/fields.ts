/** Small schemas and conversions that several routes share. Times are ISO 8601 in UTC on the outside, milliseconds inside. */
import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";
import type { SeatHolder } from "../store/records.ts";

export const Time = z.string().openapi({ example: "2016-07-01T09:30:00.000Z", format: "date-time" });

export function timeOf(atMs: number): string;
export function timeOf(atMs: number | null): string | null;
export function timeOf(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}

/** A point in time that a client gives, with its offset. */
export const TimeInput = z.iso
  .datetime({ offset: true, message: "expected a time such as 2016-07-01T09:30:00Z" })
  .openapi({ example: "2016-07-01T09:30:00Z" });

export const AdamId = z
  .string()
  .regex(/^[0-9]{1,20}$/, "expected an App Store id: digits")
  .openapi({ example: "361309726" });
export const Udid = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, "expected a UDID")
  .openapi({ example: "0000000000000000000000000000000000000001" });
export const RecordId = z.string().regex(/^[A-Za-z0-9._@-]{1,64}$/, "expected an id");
/** A boolean in a query. */
export const Flag = z.enum(["true", "false"]).default("false");

export function missing(what: string, id: string): PippinError {
  return new PippinError("not_found", `There is no ${what} ${id}.`, { details: { id } });
}

export const LicenseTypeName = z.enum(["user", "device"]);

export const SerialNumber = z.string().min(1).max(255).openapi({ example: "C39PIPPIN001" });

/** Who holds a licence, as every view of one says it. */
export function viewHolder({ userId, serialNumber = null }: SeatHolder) {
  return userId === null
    ? ({ licenseType: "device", userId, serialNumber } as const)
    : ({ licenseType: "user", userId, serialNumber: null } as const);
}
