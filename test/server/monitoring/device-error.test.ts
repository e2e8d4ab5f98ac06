import { beforeEach, describe, expect, it } from "vitest";
import { viewStatus } from "../../../server/api/installation-view.ts";
import { noteCommand } from "../../../server/deployments/device-facts.ts";
import { transact } from "../../../server/outbox.ts";
import type { CommandRecord, InstallationRecord } from "../../../server/store/records.ts";
import { plistToJson, type PlistDictionary } from "../../../shared/plist.ts";
import { CommandResult } from "../../../shared/results.ts";
import { app, device, installation } from "../api/harness.ts";
import { TestServer } from "../test-server.ts";

const id = "phone-1 1";
let server: TestServer;
beforeEach(async () => {
  server = new TestServer();
  await server.store.transaction(async (tx) => {
    await tx.put("apps", app("1"));
    await tx.put("devices", device("phone-1", { userId: "anna" }));
  });
});

/** The installation after the phone answered the command in this way. */
async function answered(
  before: Partial<InstallationRecord>,
  requestType: string,
  answer: PlistDictionary,
): Promise<InstallationRecord> {
  const status = answer["Status"];
  await server.store.transaction((tx) =>
    tx.put(
      "installations",
      installation("phone-1", "1", { commandUUID: "c1", commandType: requestType, attempts: 3, ...before }),
    ),
  );
  const queued = await server.queue("phone-1", requestType);
  const told = { UDID: "phone-1", CommandUUID: "c1", ...answer };
  const command: CommandRecord = {
    ...(await server.command(queued)),
    id: "c1",
    installationId: id,
    state: status === "Acknowledged" ? "acknowledged" : "failed",
    result: plistToJson(told),
  };
  await transact(server.context, (tx, outbox) =>
    noteCommand(tx, outbox, command, CommandResult.parse(told), server.world.now()),
  );
  const after = await server.store.read((reader) => reader.get("installations", id));
  if (after === undefined) throw new Error("the installation is gone");
  return after;
}

const chain = (ErrorCode: number, ErrorDomain = "MCMDMErrorDomain") => [
  { ErrorCode, ErrorDomain, LocalizedDescription: "No.", USEnglishDescription: "No." },
];

describe("the code of an installation that the phone refused", () => {
  it.each<[string, PlistDictionary, string]>([
    ["a blocked App Store", { RejectionReason: "AppStoreDisabled" }, "0x87D13B94"],
    ["a sign-in that is missing", { ErrorChain: chain(12040) }, "0x87D15618"],
    ["an app id that can't be verified", { RejectionReason: "CouldNotVerifyAppID" }, "0x87D15607"],
    ["anything else", { ErrorChain: chain(99, "SomeDomain") }, "0x87D1138B"],
  ])("R44: is that of %s, as the phone gave it", async (_name, answer, code) => {
    const after = await answered({ state: "installing" }, "InstallApplication", {
      Status: "Error",
      ...answer,
    });
    expect(after.reason).toBe("install-refused");
    expect(viewStatus(after).code).toBe(code);
    expect(viewStatus({ ...after, state: "failed" }).code).toBe(code);
  });

  it("is gone once the phone takes the command", async () => {
    const deviceError = { rejection: "AppStoreDisabled", domain: null, code: null };
    const before = { state: "installing", reason: "install-refused", deviceError } as const;
    const after = await answered(before, "InstallApplication", {
      Status: "Acknowledged",
      State: "Installing",
    });
    expect(after.deviceError).toBeNull();
  });

  it("tells of a removal too", async () => {
    const answer = { Status: "Error", ErrorChain: chain(12036) };
    const after = await answered({ state: "removing", appState: "Managed" }, "RemoveApplication", answer);
    expect(viewStatus(after)).toMatchObject({
      label: "Installed",
      code: "0x87D15614",
      statusDetail: "seeUninstallErrorCode",
      statusDetailCode: 4000,
    });
  });
});
