import { describe, expect, it } from "vitest";
import {
  errorCodes,
  errorOf,
  installationReasons,
  statusDetails,
  type ErrorCause,
  type ErrorFacts,
} from "../../../server/monitoring/error-codes.ts";
import { mdmErrorDomain } from "../../../shared/results.ts";

const failed: ErrorFacts = { state: "failed", reason: null, appState: null };
const refusal = (rejection: string | null, code: number | null, domain = mdmErrorDomain) => ({
  rejection,
  domain,
  code,
});

/** What a record looks like to which just this row applies. */
function factsOf(when: ErrorCause): ErrorFacts {
  const deviceError =
    when.rejection === undefined && when.mdmError === undefined
      ? null
      : refusal(when.rejection ?? null, when.mdmError ?? null);
  return {
    state: when.installed ? "installed" : "failed",
    reason: when.reason ?? (deviceError ? "install-refused" : null),
    appState: when.appState ?? null,
    deviceError,
  };
}

/** As the pages of Intune list them, hex beside decimal; the table must agree with each. */
const documented: Record<string, number> = {
  "0x87D13B60": -2016330912,
  "0x87D13B61": -2016330911,
  "0x87D13B62": -2016330910,
  "0x87D13B63": -2016330909,
  "0x87D13B64": -2016330908,
  "0x87D13B65": -2016330907,
  "0x87D13B66": -2016330906,
  "0x87D13B67": -2016330905,
  "0x87D1138B": -2016341109,
  "0x87D13B7E": -2016330882,
  "0x87D13B95": -2016330859,
  "0x87D13B68": -2016330904,
  "0x87D13B94": -2016330860,
  "0x87D13B99": -2016330855,
  "0x87D13B9F": -2016330849,
  "0x87D13B80": -2016330880,
};
/** The block of errors that iOS itself returns: 0x87D10000 + 10,000 + the error's number. */
const blockOf = (mdmError: number) =>
  `0x${(0x87d10000 + 10_000 + mdmError).toString(16).toUpperCase()}`.replace("0X", "0x");

describe("the table of error codes", () => {
  it.each(errorCodes.map((row) => [JSON.stringify(row.when), row] as const))(
    "R44: %s gives its own code, in both spellings",
    (_name, row) => {
      expect(errorOf(factsOf(row.when))).toEqual(row);
      expect(row.hex).toMatch(/^0x87D1[0-9A-F]{4}$/);
      expect(row.decimal).toBe(Number(row.hex) - 2 ** 32);
      if (row.hex in documented) expect(row.decimal).toBe(documented[row.hex]);
      expect(row.meaning).toMatch(/^[A-Z].*\.$/);
      expect(Object.keys(statusDetails)).toContain(row.statusDetail);
    },
  );

  it("numbers what iOS returned by its block", () => {
    const renamed = new Set([12063, 12064]);
    for (const { when, hex } of errorCodes) {
      if (when.mdmError !== undefined && !renamed.has(when.mdmError))
        expect(hex).toBe(blockOf(when.mdmError));
    }
    expect([blockOf(12040), blockOf(29000)]).toEqual(["0x87D15618", "0x87D19858"]);
  });

  it("has every documented code of a managed app's state", () => {
    const hexes = new Set(errorCodes.map(({ hex }) => hex));
    for (const hex of Object.keys(documented)) expect(hexes).toContain(hex);
  });

  it("has no row twice, and none that an earlier row hides", () => {
    const causes = errorCodes.map(({ when }) => JSON.stringify(when));
    expect(new Set(causes).size).toBe(causes.length);
  });
});

describe("an installation's error", () => {
  const deviceError = refusal("AppStoreDisabled", 12031);
  it.each<[string, Partial<ErrorFacts>, string | undefined]>([
    ["the phone's own cause before the reason", { reason: "install-refused", deviceError }, "0x87D13B94"],
    [
      "the reason where the cause is not in the table",
      { reason: "install-refused", deviceError: refusal("Other", 1) },
      "0x87D1138B",
    ],
    [
      "no number of another domain",
      { reason: "install-refused", deviceError: refusal(null, 12040, "ASDErrorDomain") },
      "0x87D1138B",
    ],
    [
      "not what the phone once refused, once the reason is another",
      { reason: "no-license", deviceError },
      "0x87D13B7E",
    ],
    ["nor while it is tried anew", { state: "pending", deviceError }, undefined],
    [
      "the cause while a removal is refused",
      { state: "removing", deviceError: refusal(null, 12036) },
      "0x87D15614",
    ],
    ["nothing for the state that a removal leaves", { state: "removing", appState: "Unknown" }, undefined],
    ["nothing once nobody wants the app", { state: "notInstalled", appState: "UserRejected" }, undefined],
    ["nothing when all is well", { state: "installed", appState: "Managed" }, undefined],
    ["nothing of old reasons when all is well", { state: "installed", reason: "user-removed" }, undefined],
    ["the update that its user refused", { state: "installed", appState: "UpdateRejected" }, "0x87D13B63"],
    [
      "the sign-in that the phone waits for",
      { state: "installing", appState: "PromptingForLogin" },
      "0x87D13B99",
    ],
  ])("tells %s", (_name, facts, hex) => {
    expect(errorOf({ ...failed, ...facts })?.hex).toBe(hex);
  });

  it("is known for every reason, or known to have no code", () => {
    const withCode = installationReasons.filter((reason) => errorOf({ ...failed, reason }) !== undefined);
    const without = installationReasons.filter((reason) => !withCode.includes(reason));
    expect(without.sort()).toEqual([
      "account-unusable",
      "before-deadline",
      "cancelled",
      "device-licensing-off",
      "device-limit",
      "excluded",
      "invitation-failed",
      "license-revoked",
      "reclaimed",
      "unenrolled",
    ]);
  });
});
