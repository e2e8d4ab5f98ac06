import { describe, expect, it } from "vitest";
import { AppleLab, notes } from "./apple-lab.ts";

const minuteMs = 60_000;
const lastReason = (lab: AppleLab): unknown => lab.eventsOf("app.state").at(-1)?.reason;
const behave = (lab: AppleLab, behaviour: object): Promise<unknown> =>
  lab.control("PUT", "/behaviour", behaviour);
const devicesOf = (lab: AppleLab): readonly string[] =>
  lab.service.model.organisation(lab.organisationId).pool(notes.adamId, "STDQ")?.licenses[0]?.devices ?? [];

async function labSignedIn(): Promise<AppleLab> {
  const lab = await AppleLab.open();
  await lab.phone.signIn({ appleId: "ann@example.com", password: "correct horse" });
  return lab;
}
async function agree(lab: AppleLab, commandUUID = "install"): Promise<void> {
  await lab.install(commandUUID);
  await lab.answer({ choice: "install" });
}

describe("a download", () => {
  it("takes as long as the slower of phone and store needs", async () => {
    const lab = await labSignedIn();
    await behave(lab, { downloadBytesPerSecond: 100_000 });
    await agree(lab);
    await lab.pass(19_000);
    expect(lab.state()).toBe("Installing");
    await lab.pass(1_000);
    expect(lab.state()).toBe("Managed");
  });

  it("that never gets anywhere is under way for days, for the server to see (D6)", async () => {
    const lab = await labSignedIn();
    await behave(lab, { downloadBytesPerSecond: 1 });
    await agree(lab);
    await lab.world.advance(20 * 24 * 60 * minuteMs);
    expect(await lab.reported("list")).toBe("Installing");
  });

  it("that breaks off is begun again, a bounded number of times", async () => {
    const lab = await labSignedIn();
    await behave(lab, { failDownloads: { [notes.adamId]: 2 } });
    await agree(lab);
    await lab.pass(minuteMs);
    expect(lab.state()).toBe("Managed");
    expect(lab.eventsOf("fault")).toHaveLength(2);
    expect(lab.eventsOf("store.authorized")).toHaveLength(3);
    expect(devicesOf(lab)).toHaveLength(1);
  });

  it("that breaks off every time has failed; only the trace says why", async () => {
    const lab = await labSignedIn();
    await behave(lab, { failDownloads: { [notes.adamId]: 1_000 } });
    await agree(lab);
    await lab.pass(3 * minuteMs);
    expect([lab.state(), lastReason(lab)]).toEqual(["Failed", "download_failed"]);
    expect(lab.eventsOf("fault")).toHaveLength(3);
    expect(await lab.perform("list", { RequestType: "ManagedApplicationList" })).toMatchObject({
      ManagedApplicationList: {
        [notes.bundleId]: {
          Status: "Failed",
          ManagementFlags: 1,
          HasConfiguration: false,
          HasFeedback: false,
          IsValidated: true,
        },
      },
    });
    expect((await lab.control("GET", "/behaviour")).failDownloads).toEqual({ [notes.adamId]: 997 });
    await behave(lab, { failDownloads: {} });
    await agree(lab, "again");
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
  });

  it("that the person asked for breaks off for good as well", async () => {
    const lab = await labSignedIn();
    await behave(lab, { failDownloads: { [notes.adamId]: 1_000 } });
    const fetching = expect(lab.phone.installFromStore(notes.adamId)).rejects.toMatchObject({
      code: "unavailable",
    });
    await lab.pass(3 * minuteMs);
    await fetching;
    expect(lab.phone.view().apps).toEqual([]);
  });

  it("is refused when Apple says so, and permitted the next time", async () => {
    const lab = await labSignedIn();
    await behave(lab, { refuseAuthorizations: { [notes.adamId]: 1 } });
    await agree(lab);
    expect([lab.state(), lastReason(lab)]).toEqual(["Failed", "purchase_refused"]);
    await agree(lab, "again");
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
  });

  it("waits while the store is out of service, as long as the store said", async () => {
    const lab = await labSignedIn();
    await lab.install("install");
    await behave(lab, { storeUnavailable: { retryAfterSeconds: 120 } });
    await lab.answer({ choice: "install" });
    await lab.pass(minuteMs);
    await behave(lab, { storeUnavailable: false });
    // Not asked again before its time, though it is back.
    await lab.pass(30_000);
    expect(lab.eventsOf("store.authorized")).toEqual([]);
    await lab.pass(33_000);
    expect(lab.state()).toBe("Managed");
  });

  it.each([
    ["stays out of service", 60, 4 * minuteMs],
    ["says that it will be for longer than the phone waits", 3_600, 1_000],
  ])("has failed when the store %s", async (_name, retryAfterSeconds, afterMs) => {
    const lab = await labSignedIn();
    await lab.install("install");
    await behave(lab, { storeUnavailable: { retryAfterSeconds } });
    await lab.answer({ choice: "install" });
    await lab.pass(afterMs);
    expect([lab.state(), lastReason(lab)]).toEqual(["Failed", "unreachable"]);
  });

  it("doesn't keep the server waiting for a store that is out of service", async () => {
    const lab = await labSignedIn();
    await behave(lab, { storeUnavailable: { retryAfterSeconds: 120 } });
    expect(await lab.install("install")).toMatchObject({
      Status: "Error",
      RejectionReason: "Other",
      ErrorChain: [{ ErrorCode: 12023 }, { ErrorDomain: "MCStoreErrorDomain", ErrorCode: 30001 }],
    });
  });

  it.each(["kill", "stop"] as const)(
    "that a restart (%s) cuts off is unknown until the store was asked, starts again, and counts once",
    async (how) => {
      const lab = await labSignedIn();
      await behave(lab, { downloadBytesPerSecond: 100_000 });
      await agree(lab);
      await lab.pass(10_000);
      await lab.phone[how]();
      lab.apple.isUnreachable = true;
      await lab.start();
      await lab.rest();
      expect(lab.state()).toBe("Unknown");
      lab.apple.isUnreachable = false;
      await lab.pass(21_000);
      expect(lab.state()).toBe("Managed");
      expect(devicesOf(lab)).toEqual([lab.config.udid]);
      expect(lab.eventsOf("app.state").map((event) => event.to)).toEqual([
        ...["Prompting", "ValidatingPurchase", "Installing", "Unknown", "Installing", "Managed"],
      ]);
    },
  );

  it("that a restart cuts off has failed when the licence is gone meanwhile", async () => {
    const lab = await labSignedIn();
    await agree(lab);
    await lab.phone.kill();
    const organisation = lab.service.model.organisation(lab.organisationId);
    await lab.service.perform(() => {
      const license = organisation.pool(notes.adamId, "STDQ")?.licenses[0];
      if (license) organisation.takeBack(license);
    });
    await lab.start();
    await lab.rest();
    expect([lab.state(), lastReason(lab)]).toEqual(["Failed", "license_not_found"]);
  });
});
