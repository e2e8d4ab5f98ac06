import { describe, expect, it } from "vitest";
import { restrictions } from "../../agent/restrictions.ts";
import { pemToDer, signCms } from "../../shared/certificates.ts";
import { encodePlist } from "../../shared/plist.ts";
import { makeAuthority } from "./fake-server.ts";
import { settle } from "./fake-world.ts";
import { startLab, type PhoneLab } from "./phone-lab.ts";
import { noAppStore, payloadOf, profileBytes, profileOf, wifi } from "./profiles.ts";

const install = (Payload: Uint8Array): object => ({ RequestType: "InstallProfile", Payload });
const remove = (Identifier: string): object => ({ RequestType: "RemoveProfile", Identifier });
let count = 0;
const send = (lab: PhoneLab, command: object) => lab.connection.command(`profiles-${(count += 1)}`, command);

async function listed(lab: PhoneLab): Promise<Record<string, unknown>[]> {
  const answer = await send(lab, { RequestType: "ProfileList" });
  return answer.ProfileList as unknown as Record<string, unknown>[];
}

describe("InstallProfile", () => {
  it("puts a profile on the phone, for good", async () => {
    const lab = await startLab();
    const about = { PayloadOrganization: "Orchard", PayloadDescription: "Wi-Fi for the office" };
    expect(await send(lab, install(profileBytes("example.wifi", [wifi], about)))).toMatchObject({
      Status: "Acknowledged",
    });
    await lab.phone.kill();
    await lab.start();
    expect((await listed(lab))[1]).toEqual({
      PayloadIdentifier: "example.wifi",
      PayloadUUID: "UUID-example.wifi",
      PayloadVersion: 1,
      PayloadDisplayName: "Profile example.wifi",
      ...about,
      PayloadRemovalDisallowed: false,
      HasRemovalPasscode: false,
      IsEncrypted: false,
      IsManaged: true,
      SignerCertificates: [],
      PayloadContent: [
        {
          PayloadType: "com.apple.wifi.managed",
          PayloadVersion: 1,
          PayloadIdentifier: "example.payload.com.apple.wifi.managed",
          PayloadUUID: "UUID-com.apple.wifi.managed",
          PayloadDisplayName: "com.apple.wifi.managed",
        },
      ],
    });
    expect(lab.phone.view().profiles).toEqual([
      { identifier: "example.wifi", displayName: "Profile example.wifi", managed: true },
    ]);
    expect(lab.eventsOf("profile.changed")).toMatchObject([
      { identifier: "example.wifi", change: "installed", managed: true },
    ]);
  });

  it("replaces the profile with the same identifier, in its place, and no other", async () => {
    const lab = await startLab();
    await send(lab, install(profileBytes("a")));
    await send(lab, install(profileBytes("b")));
    await send(
      lab,
      install(profileBytes("a", [noAppStore], { PayloadUUID: "second", PayloadDisplayName: "New" })),
    );
    expect((await listed(lab)).slice(1)).toMatchObject([
      { PayloadIdentifier: "a", PayloadUUID: "second", PayloadDisplayName: "New" },
      { PayloadIdentifier: "b" },
    ]);
    expect(lab.eventsOf("profile.changed").map(({ change }) => change)).toEqual([
      "installed",
      "installed",
      "replaced",
    ]);
  });

  it.each([
    ["an XML property list", (bytes: Buffer) => bytes],
    ["a binary one", () => encodePlist(profileOf("example.wifi", [wifi]), "plist-binary")],
  ])("takes %s", async (_name, make) => {
    const lab = await startLab();
    expect(await send(lab, install(make(profileBytes())))).toMatchObject({ Status: "Acknowledged" });
  });

  it("takes a signed one, whoever signed it, and names the signer", async () => {
    const lab = await startLab();
    const signer = makeAuthority("Somebody");
    const signed = signCms(profileBytes(), signer, lab.world.now());
    expect(await send(lab, install(signed))).toMatchObject({ Status: "Acknowledged" });
    const [, profile] = await listed(lab);
    expect(profile?.["SignerCertificates"]).toEqual([new Uint8Array(pemToDer(signer.certificatePem))]);
  });

  it("refuses one whose signature is broken", async () => {
    const lab = await startLab();
    const signed = signCms(profileBytes(), lab.server.authority, lab.world.now());
    const at = signed.indexOf("Orchard");
    signed.write("Meadow.", at);
    expect(await send(lab, install(signed))).toMatchObject({
      Status: "Error",
      ErrorChain: [
        { ErrorDomain: "MCInstallationErrorDomain", ErrorCode: 4001 },
        { ErrorDomain: "MCProfileErrorDomain", ErrorCode: 1004 },
      ],
    });
    expect(await listed(lab)).toHaveLength(1);
  });

  const twice = [wifi, { ...wifi, PayloadIdentifier: "other" }];
  const without = (key: string): Buffer => {
    const { [key]: _, ...rest } = profileOf("x", [wifi]);
    return encodePlist(rest, "plist-xml");
  };
  it.each<[string, Uint8Array, string, number]>([
    ["no bytes", Buffer.alloc(0), "MCProfileErrorDomain", 1000],
    ["no property list", Buffer.from("hello"), "MCProfileErrorDomain", 1000],
    ["DER that is no signed message", Buffer.from([0x30, 0x03, 1, 2, 3]), "MCProfileErrorDomain", 1004],
    ["too many bytes", Buffer.alloc(256 * 1024 + 1, 0x20), "MCProfileErrorDomain", 1000],
    ["another version", profileBytes("x", [wifi], { PayloadVersion: 2 }), "MCProfileErrorDomain", 1001],
    ["no identifier", without("PayloadIdentifier"), "MCProfileErrorDomain", 1002],
    ["no payloads", without("PayloadContent"), "MCProfileErrorDomain", 1002],
    [
      "an identifier that is a number",
      profileBytes("x", [wifi], { PayloadIdentifier: 5 }),
      "MCProfileErrorDomain",
      1003,
    ],
    ["an empty list of payloads", profileBytes("x", []), "MCProfileErrorDomain", 1005],
    [
      "encrypted content",
      profileBytes("x", [wifi], { EncryptedPayloadContent: Buffer.from("x") }),
      "MCProfileErrorDomain",
      1006,
    ],
    ["one UUID twice", profileBytes("x", twice), "MCProfileErrorDomain", 1007],
    [
      "one payload identifier twice",
      profileBytes("x", [wifi, { ...wifi, PayloadUUID: "other" }]),
      "MCProfileErrorDomain",
      1008,
    ],
    ["another type", profileBytes("x", [wifi], { PayloadType: "Other" }), "MCProfileErrorDomain", 1010],
    [
      "a payload without type",
      profileBytes("x", [{ PayloadVersion: 1, PayloadIdentifier: "i", PayloadUUID: "u" }]),
      "MCPayloadErrorDomain",
      2002,
    ],
    [
      "a restriction that is no boolean",
      profileBytes("x", [payloadOf("com.apple.applicationaccess", { allowAppInstallation: "no" })]),
      "MCPayloadErrorDomain",
      2003,
    ],
    [
      "a certificate that is none",
      profileBytes("x", [payloadOf("com.apple.security.root", { PayloadContent: Buffer.from("x") })]),
      "MCCertificateErrorDomain",
      9005,
    ],
    ["another management", profileBytes("x", [payloadOf("com.apple.mdm")]), "MCMDMErrorDomain", 12009],
    ["the identifier of the management", profileBytes("test.P"), "MCMDMErrorDomain", 12009],
  ])(
    "refuses a profile with %s, with the reason behind Apple's error",
    async (_name, bytes, domain, code) => {
      const lab = await startLab();
      expect(await send(lab, install(bytes))).toMatchObject({
        Status: "Error",
        ErrorChain: [
          { ErrorDomain: "MCInstallationErrorDomain", ErrorCode: 4001 },
          { ErrorDomain: domain, ErrorCode: code, USEnglishDescription: expect.any(String) },
        ],
      });
      expect(await listed(lab)).toHaveLength(1);
    },
  );

  it("takes so many profiles and no more", async () => {
    const lab = await startLab();
    for (let n = 0; n < 64; n += 1)
      expect(await send(lab, install(profileBytes(`p${n}`)))).toMatchObject({ Status: "Acknowledged" });
    expect(await send(lab, install(profileBytes("one too many")))).toMatchObject({ Status: "Error" });
    expect(await send(lab, install(profileBytes("p3")))).toMatchObject({ Status: "Acknowledged" });
    expect(lab.phone.view().profiles).toHaveLength(64);
  });
});

describe("RemoveProfile", () => {
  it("takes a profile of the server's away, for good", async () => {
    const lab = await startLab();
    await send(lab, install(profileBytes("a")));
    await send(lab, install(profileBytes("b")));
    expect(await send(lab, remove("a"))).toMatchObject({ Status: "Acknowledged" });
    await lab.phone.kill();
    await lab.start();
    expect(lab.phone.view().profiles).toMatchObject([{ identifier: "b" }]);
  });

  it("of one that isn't there is an error", async () => {
    const lab = await startLab();
    expect(await send(lab, remove("nothing"))).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 12075, ErrorDomain: "MCMDMErrorDomain" }],
    });
  });

  it.each([
    ["user", "Error"],
    ["configurator", "Acknowledged"],
  ] as const)(
    "of one that the person installed, on a phone of kind %s, ends with %s",
    async (kind, Status) => {
      const lab = await startLab({ kind });
      await lab.phone.installProfile(profileBytes("own"));
      const answer = await send(lab, remove("own"));
      expect(answer).toMatchObject({ Status });
      if (Status === "Error") expect(answer).toMatchObject({ ErrorChain: [{ ErrorCode: 12013 }] });
      expect(lab.phone.view().profiles).toHaveLength(Status === "Error" ? 1 : 0);
    },
  );

  it("doesn't let an unsupervised phone's own profile be replaced by the server either", async () => {
    const lab = await startLab();
    await lab.phone.installProfile(profileBytes("own"));
    expect(await send(lab, install(profileBytes("own", [noAppStore])))).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 4001 }, { ErrorCode: 12013 }],
    });
    expect(restrictions(lab.saved).allowAppInstallation).toBe(true);
  });

  it("of the management ends it: answer first, then CheckOut, and what came with it is gone", async () => {
    const lab = await startLab();
    await send(lab, install(profileBytes("servers")));
    await lab.phone.installProfile(profileBytes("own"));
    expect(await send(lab, remove("test.P"))).toMatchObject({ Status: "Acknowledged" });
    expect(lab.phone.view().status).toBe("enrolled");
    lab.connection.acknowledge();
    await settle();
    expect(lab.connection.messageTypes.slice(-2)).toEqual(["Acknowledged", "CheckOut"]);
    expect(lab.phone.view()).toMatchObject({
      status: "unenrolled",
      enrolled: false,
      profiles: [{ identifier: "own" }],
    });
    expect(lab.saved).toMatchObject({ enrollment: null, keys: null, departure: null });
  });

  it("of the management ends it without the server's word as well, after a while", async () => {
    const lab = await startLab();
    await send(lab, remove("test.P"));
    await lab.world.advance(4_999);
    expect(lab.phone.view().status).toBe("enrolled");
    await lab.world.advance(1);
    expect(lab.phone.view().status).toBe("unenrolled");
  });

  it("of the management is not forgotten when the battery is pulled", async () => {
    const lab = await startLab();
    await send(lab, remove("test.P"));
    await lab.phone.kill();
    await lab.start();
    expect(lab.connection.messageTypes).toEqual(["Proof", "Acknowledged"]);
    lab.connection.acknowledge();
    await settle();
    expect(lab.connection.messageTypes).toEqual(["Proof", "Acknowledged", "CheckOut"]);
    expect(lab.phone.view().status).toBe("unenrolled");
  });
});

describe("a person", () => {
  it.each([
    ["user", null],
    ["configurator", "forbidden"],
  ] as const)("with a phone of kind %s removes a profile that disallows it: %s", async (kind, code) => {
    const lab = await startLab({ kind });
    await send(lab, install(profileBytes("fixed", [wifi], { PayloadRemovalDisallowed: true })));
    const removal = lab.phone.removeProfile("fixed");
    if (code === null) await removal;
    else await expect(removal).rejects.toMatchObject({ code });
    expect(lab.phone.view().profiles).toHaveLength(code === null ? 0 : 1);
  });

  it("is told what is wrong with a profile, and which one isn't there", async () => {
    const lab = await startLab();
    await expect(lab.phone.installProfile(Buffer.from("x"))).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(lab.phone.removeProfile("x")).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("restrictions", () => {
  const forbid = (name: string): Buffer =>
    profileBytes(name, [payloadOf("com.apple.applicationaccess", { [name]: false })]);

  it("hold as long as a profile with them is on the phone, the strictest of several", async () => {
    const lab = await startLab();
    expect(restrictions(lab.saved).allowAppInstallation).toBe(true);
    await send(lab, install(profileBytes("strict", [noAppStore])));
    await send(
      lab,
      install(
        profileBytes("lax", [payloadOf("com.apple.applicationaccess", { allowAppInstallation: true })]),
      ),
    );
    expect(restrictions(lab.saved).allowAppInstallation).toBe(false);
    await send(lab, remove("strict"));
    expect(restrictions(lab.saved).allowAppInstallation).toBe(true);
  });

  it.each([
    ["user", true],
    ["configurator", false],
  ] as const)(
    "for supervised phones alone are taken up so on a phone of kind %s: %s",
    async (kind, allowed) => {
      const lab = await startLab({ kind });
      expect(await send(lab, install(forbid("allowUIAppInstallation")))).toMatchObject({
        Status: "Acknowledged",
      });
      expect(restrictions(lab.saved)).toMatchObject({
        allowUIAppInstallation: allowed,
        allowAppInstallation: true,
      });
    },
  );

  it("keep a person from erasing the phone, changing the passcode and installing profiles", async () => {
    const lab = await startLab({ kind: "configurator" });
    const names = [
      "allowEraseContentAndSettings",
      "allowPasscodeModification",
      "allowUIConfigurationProfileInstallation",
    ];
    for (const name of names) await send(lab, install(forbid(name)));
    const forbidden = { code: "forbidden" };
    await expect(lab.phone.erase()).rejects.toMatchObject(forbidden);
    await expect(lab.phone.setPasscode("1234")).rejects.toMatchObject(forbidden);
    await expect(lab.phone.installProfile(profileBytes())).rejects.toMatchObject(forbidden);
    for (const name of names) await send(lab, remove(name));
    await lab.phone.setPasscode("1234");
    await lab.phone.installProfile(profileBytes());
    expect(lab.phone.view()).toMatchObject({ hasPasscode: true, profiles: [{ identifier: "example.wifi" }] });
  });
});

describe("CertificateList", () => {
  it("lists the identity, its authority, and what profiles brought", async () => {
    const lab = await startLab();
    const other = makeAuthority("Another Root");
    const certificate = pemToDer(other.certificatePem);
    const der = payloadOf("com.apple.security.root", { PayloadContent: certificate });
    const pem = payloadOf("com.apple.security.pem", { PayloadContent: Buffer.from(other.certificatePem) });
    await send(lab, install(profileBytes("roots", [der, pem])));
    const { CertificateList: list } = await send(lab, { RequestType: "CertificateList" });
    expect(list).toEqual([
      { CommonName: lab.config.udid, IsIdentity: true, Data: expect.any(Uint8Array) },
      { CommonName: "Test Authority", IsIdentity: false, Data: expect.any(Uint8Array) },
      { CommonName: "Another Root", IsIdentity: false, Data: new Uint8Array(certificate) },
    ]);
  });
});
