import { describe, expect, it } from "vitest";
import { issueCertificate, readCertificate, type Authority } from "../../shared/certificates.ts";
import { NetworkError } from "../../shared/world.ts";
import { enrollmentUrl, jsonResponse, makeAuthority, serverUrl } from "./fake-server.ts";
import { makeKeyPair, settle } from "./fake-world.ts";
import { PhoneLab, startLab, udid } from "./phone-lab.ts";

describe("enrolment", () => {
  it.each(["mdm.plist.binary", "mdm.plist.xml"] as const)(
    "leads from the profile over the identity to check-in and the first poll, in %s",
    async (protocol) => {
      const lab = await startLab({ protocol });
      expect(lab.server.requests.map(({ url, init }) => [init.method ?? "GET", url])).toEqual([
        ["GET", enrollmentUrl],
        ["POST", `${enrollmentUrl}/identity`],
      ]);
      expect(lab.server.requests[0]?.init.headers?.accept).toBe("application/x-apple-aspen-config");
      expect(lab.server.requests[1]?.init.headers?.["content-type"]).toBe("application/pkcs10");
      expect(lab.connection.protocol).toBe(protocol);
      expect(lab.connection.messageTypes).toEqual(["Proof", "Authenticate", "TokenUpdate", "Idle"]);
      expect(lab.connection.received[1]).toMatchObject({
        Topic: "com.apple.mgmt.test",
        UDID: udid,
        OSVersion: "9.3.2",
        BuildVersion: "13F69",
        ProductName: "iPhone8,1",
        SerialNumber: "SERIAL1",
      });
      const tokenUpdate = lab.connection.received[2];
      expect(Buffer.from(tokenUpdate?.Token as Uint8Array)).toHaveLength(32);
      expect(tokenUpdate?.PushMagic).toMatch(/^[0-9A-F-]{36}$/);
      expect(lab.connection.received[3]).toEqual({ Status: "Idle", UDID: udid });
      expect(lab.phone.view()).toMatchObject({
        status: "enrolled",
        enrolled: true,
        connected: true,
        trouble: null,
      });
    },
  );

  it("asks for a certificate in the name of the UDID and keeps the key at home", async () => {
    const lab = await startLab();
    const { enrollment, keys } = lab.saved;
    expect(readCertificate(Buffer.from(enrollment?.certificate ?? "", "base64")).commonName).toBe(udid);
    const said = JSON.stringify([lab.server.requests, lab.connection.received, lab.events]);
    expect(keys?.privateKeyPem).toContain("PRIVATE KEY");
    expect(said).not.toContain("PRIVATE KEY");
    expect(JSON.stringify(lab.events)).not.toContain(enrollment?.pushMagic);
  });

  it("doesn't authenticate again on later connections, nor after a restart", async () => {
    const lab = await startLab();
    lab.connection.close(1006);
    await lab.world.advance(1_000);
    expect(lab.connection.messageTypes).toEqual(["Proof", "Idle"]);
    await lab.phone.stop();
    await lab.start();
    expect(lab.server.connections).toHaveLength(3);
    expect(lab.connection.messageTypes).toEqual(["Proof", "Idle"]);
    expect(lab.server.requests).toHaveLength(2);
  });

  it("repeats what was not confirmed, with the same token and magic", async () => {
    const lab = new PhoneLab();
    lab.server.receipts = new Set(["Authenticate"]);
    await lab.start();
    const before = lab.connection.received.at(-1);
    expect(lab.phone.view()).toMatchObject({ status: "enrolling", enrolled: false, connected: true });
    lab.server.receipts = new Set(["Authenticate", "TokenUpdate"]);
    lab.connection.close(1006);
    await lab.world.advance(1_000);
    expect(lab.connection.messageTypes).toEqual(["Proof", "TokenUpdate", "Idle"]);
    expect(lab.connection.received[1]).toEqual(before);
    expect(lab.phone.view().enrolled).toBe(true);
  });

  it.each(["enrollment_token_invalid", "enrollment_token_expired"])(
    "gives up when the server answers %s, and says why",
    async (code) => {
      const lab = new PhoneLab();
      lab.server.enrollmentAnswer = () => jsonResponse(403, { code, detail: "that token is no good" });
      await lab.start();
      await lab.world.advance(600_000);
      expect(lab.server.requests).toHaveLength(1);
      expect(lab.phone.view()).toMatchObject({
        status: "refused",
        trouble: { code, message: expect.stringContaining("that token is no good") },
      });
    },
  );

  it("tries again while the server can't be reached or is unwell, without naming the token", async () => {
    const lab = new PhoneLab();
    const obstacles = [
      () => {
        throw new NetworkError("refused", "nobody listens");
      },
      () => jsonResponse(503, {}),
    ];
    lab.server.enrollmentAnswer = () => obstacles.shift()?.();
    await lab.start();
    expect(lab.phone.view().trouble?.message).toBe(
      "can't enrol at mdm.test:8080 (refused), trying again in 1 s",
    );
    await lab.world.advance(500);
    expect(lab.phone.view().trouble?.message).toBe(
      "can't enrol at mdm.test:8080 (status 503), trying again in 1 s",
    );
    await lab.world.advance(1_000);
    expect(lab.phone.view()).toMatchObject({ enrolled: true, trouble: null });
  });

  it("uses one key however often it has to ask, also across a restart", async () => {
    const lab = new PhoneLab();
    lab.server.enrollmentAnswer = (step) => (step === "identity" ? jsonResponse(503, {}) : undefined);
    await lab.start();
    await lab.phone.kill();
    lab.server.enrollmentAnswer = () => undefined;
    await lab.start();
    expect(lab.phone.view().enrolled).toBe(true);
    expect(lab.world.keyPairsMade).toBe(1);
    expect(lab.server.publicKeys.size).toBe(1);
  });

  it("refuses a profile that another authority signed", async () => {
    const lab = new PhoneLab();
    lab.server.signer = makeAuthority("Somebody Else");
    await lab.start();
    expect(lab.phone.view()).toMatchObject({ status: "refused", trouble: { code: "identity_untrusted" } });
    expect(lab.server.connections).toHaveLength(0);
  });

  it.each([
    ["no CMS at all", Buffer.from("hello"), "malformed_certificate"],
    ["an empty answer", Buffer.alloc(0), "malformed_certificate"],
  ])("refuses %s for a profile", async (_name, body, code) => {
    const lab = new PhoneLab();
    lab.server.enrollmentAnswer = () => ({ status: 200, headers: {}, body });
    await lab.start();
    expect(lab.phone.view()).toMatchObject({ status: "refused", trouble: { code } });
  });

  it.each<[string, (lab: PhoneLab) => { authority: Authority; publicKeyPem: string }]>([
    [
      "for another key",
      (lab) => ({ authority: lab.server.authority, publicKeyPem: makeKeyPair().publicKeyPem }),
    ],
    [
      "by another authority",
      (lab) => ({ authority: makeAuthority(), publicKeyPem: lab.saved.keys?.publicKeyPem ?? "" }),
    ],
  ])("refuses a certificate %s", async (_name, choose) => {
    const lab = new PhoneLab();
    const now = lab.world.now();
    lab.server.enrollmentAnswer = (step) => {
      if (step === "profile") return undefined;
      const options = { commonName: udid, serial: Uint8Array.of(9), notBefore: now - 1, notAfter: now + 1e9 };
      return { status: 200, headers: {}, body: issueCertificate({ ...options, ...choose(lab) }) };
    };
    await lab.start();
    expect(lab.phone.view()).toMatchObject({ status: "refused", trouble: { code: "identity_untrusted" } });
  });

  it("proves nothing to a server that passes on another one's challenge", async () => {
    const lab = new PhoneLab();
    lab.server.audience = "ws://somewhere.else/mdm/channel";
    await lab.start();
    expect(lab.connection.received).toEqual([]);
    expect(lab.connection.left).toMatchObject({ code: 4400 });
    lab.server.audience = serverUrl;
    await lab.world.advance(1_000);
    expect(lab.phone.view().enrolled).toBe(true);
  });
});

describe("leaving", () => {
  it("says CheckOut once, forgets its identity and takes managed apps away", async () => {
    const lab = await startLab();
    await lab.phone.removeProfile();
    await settle();
    expect(lab.connection.messageTypes.filter((type) => type === "CheckOut")).toHaveLength(1);
    expect(lab.connection.left).toMatchObject({ code: 1000 });
    expect(lab.saved).toMatchObject({ enrollment: null, keys: null });
    expect(lab.phone.view()).toMatchObject({ status: "unenrolled", enrolled: false, connected: false });
    await lab.world.advance(600_000);
    expect(lab.server.connections).toHaveLength(1);
    await expect(lab.phone.removeProfile()).rejects.toMatchObject({ code: "conflict" });
  });

  it("doesn't wait for ever for the CheckOut's receipt", async () => {
    const lab = new PhoneLab();
    lab.server.receipts = new Set(["Authenticate", "TokenUpdate"]);
    await lab.start();
    const removal = lab.phone.removeProfile();
    await lab.world.advance(5_000);
    await removal;
    expect(lab.phone.view().status).toBe("unenrolled");
  });
});
