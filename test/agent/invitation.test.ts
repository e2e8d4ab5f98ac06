import { describe, expect, it } from "vitest";
import { invitationUrl } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { startLab, type PhoneLab } from "./phone-lab.ts";

const invite = (extra: object = {}): object => ({
  RequestType: "InviteToProgram",
  ProgramID: "com.apple.cloudvpp",
  InvitationURL: invitationUrl,
  ...extra,
});

async function labInvited(): Promise<PhoneLab> {
  const lab = await startLab();
  await lab.connection.command("invite-1", invite());
  return lab;
}

describe("an invitation to the program", () => {
  it("is acknowledged and shows the terms", async () => {
    const lab = await labInvited();
    expect(lab.connection.last).toMatchObject({ Status: "Acknowledged", InvitationResult: "Acknowledged" });
    expect(lab.prompt).toMatchObject({
      kind: "programTerms",
      title: "Get apps",
      choices: ["decline", "accept"],
    });
    expect(lab.prompt.text).toContain("The terms.");
    expect(lab.apple.accepted).toEqual([]);
  });

  it("is accepted in the name of the Apple ID that signs in", async () => {
    const lab = await labInvited();
    await lab.answer({ choice: "accept" });
    expect(lab.prompt).toMatchObject({ kind: "appleIdSignIn", fields: ["appleId", "password"] });
    await lab.answer({ choice: "signIn", appleId: lab.apple.appleId, password: "wrong" });
    expect(lab.prompt.wrongPasswords).toBe(1);
    await lab.signIn();
    expect(lab.apple.accepted).toEqual(["session-1-secret"]);
    expect(lab.phone.view()).toMatchObject({ prompt: null, appleId: lab.apple.appleId });
    expect(lab.saved.invitations).toEqual([]);
  });

  it("needs no password of somebody who is signed in", async () => {
    const lab = await labInvited();
    await lab.answer({ choice: "accept" });
    await lab.signIn();
    await lab.world.advance(3_600_000);
    await lab.connection.command("invite-2", invite());
    await lab.answer({ choice: "accept" });
    expect(lab.apple.accepted).toHaveLength(2);
  });

  it.each([
    ["declined", ["decline"]],
    ["accepted without signing in", ["accept", "cancel"]],
  ])("that is %s is over, and can be sent again", async (_name, choices) => {
    const lab = await labInvited();
    for (const choice of choices) await lab.answer({ choice });
    expect(lab.phone.view().prompt).toBeNull();
    expect(lab.saved.invitations).toEqual([]);
    expect(lab.apple.accepted).toEqual([]);
    await lab.connection.command("invite-2", invite());
    expect(lab.prompt.kind).toBe("programTerms");
  });

  it("shows once however often it is sent", async () => {
    const lab = await labInvited();
    await lab.connection.command("invite-2", invite());
    await lab.answer({ choice: "decline" });
    expect(lab.phone.view().prompt).toBeNull();
  });

  it.each([
    ["another program", { ProgramID: "com.example.program" }, "InvalidProgramID"],
    ["no address", { InvitationURL: "not an address" }, "InvalidInvitationURL"],
    ["an address of another kind", { InvitationURL: "file:///etc/passwd" }, "InvalidInvitationURL"],
  ])("to %s is answered with its result", async (_name, extra, InvitationResult) => {
    const lab = await startLab();
    expect(await lab.connection.command("i", invite(extra))).toMatchObject({
      Status: "Acknowledged",
      InvitationResult,
    });
    expect(lab.phone.view().prompt).toBeNull();
    expect(lab.apple.calls).toEqual([]);
  });

  it.each(["invitation_unknown", "invitation_used"] as const)(
    "that Apple calls %s is explained to the person",
    async (code) => {
      const lab = await startLab();
      lab.apple.invitationRefusal = code;
      await lab.connection.command("i", invite());
      expect(lab.prompt).toMatchObject({ kind: "notice", title: "Invitation Not Valid" });
      await lab.answer({ choice: "ok" });
      expect(lab.saved.invitations).toEqual([]);
    },
  );

  it("waits for Apple to come back", async () => {
    const lab = await startLab();
    lab.apple.isUnreachable = true;
    await lab.connection.command("i", invite());
    await lab.world.advance(60_000);
    expect(lab.phone.view().prompt).toBeNull();
    lab.apple.isUnreachable = false;
    await lab.world.advance(120_000);
    expect(lab.prompt.kind).toBe("programTerms");
  });

  it("signs in again when Apple has ended the session", async () => {
    const lab = await labInvited();
    await lab.answer({ choice: "accept" });
    await lab.signIn();
    lab.apple.sessions.clear();
    await lab.connection.command("invite-2", invite());
    await lab.answer({ choice: "accept" });
    expect(lab.prompt.kind).toBe("appleIdSignIn");
    await lab.signIn();
    expect(lab.apple.accepted).toHaveLength(2);
  });

  it("that leads elsewhere than to Apple gets no session token", async () => {
    const lab = await startLab();
    const sent: unknown[] = [];
    const { network } = lab.world;
    lab.world.network = {
      ...network,
      async request(url, init) {
        if (!url.startsWith("http://evil.test")) return network.request(url, init);
        sent.push(init.body);
        const terms = { organisation: "E", title: "T", text: "X" };
        return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(terms)) };
      },
    };
    await lab.connection.command("i", invite({ InvitationURL: "http://evil.test/invitation" }));
    await lab.answer({ choice: "accept" });
    expect(lab.prompt).toMatchObject({ kind: "notice", title: "Invitation Not Valid" });
    expect(sent).toEqual([undefined]);
  });

  it("is shown again after a restart", async () => {
    const lab = await labInvited();
    await lab.phone.kill();
    await lab.start();
    await settle();
    expect(lab.prompt.kind).toBe("programTerms");
    await lab.answer({ choice: "accept" });
    await lab.signIn();
    expect(lab.apple.accepted).toHaveLength(1);
  });
});
