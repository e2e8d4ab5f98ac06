import { PassThrough } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { answerAutomatically } from "../../agent/automatic-person.ts";
import { createTerminal, showInTerminal } from "../../agent/terminal.ts";
import { pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { startLab, type PhoneLab } from "./phone-lab.ts";

const install = {
  RequestType: "InstallApplication",
  iTunesStoreID: Number(pages.adamId),
  Options: { PurchaseMethod: 1 },
};

interface Desk {
  readonly lab: PhoneLab;
  /** What is on the screen since the last look. */
  seen(): string;
  type(text: string): Promise<void>;
  readonly left: () => boolean;
}

async function sitDown(): Promise<Desk> {
  const lab = await startLab();
  const [input, output] = [new PassThrough(), new PassThrough()];
  const terminal = createTerminal({ input, output });
  const end = showInTerminal(lab.phone, terminal);
  let left = false;
  terminal.onLeave(() => {
    left = true;
  });
  onTestFinished(() => {
    end();
    terminal.close();
  });
  return {
    lab,
    seen: () => String(output.read() ?? ""),
    async type(text) {
      input.write(text);
      await settle();
    },
    left: () => left,
  };
}

describe("the terminal", () => {
  it("shows each prompt in words and takes the answers, the password without showing it", async () => {
    const { lab, seen, type } = await sitDown();
    await lab.connection.command("c", install);
    expect(seen()).toMatch(/App Installation\n.*“Pages”.*\n +1 cancel +2 install/s);
    await type("perhaps\r");
    expect(seen()).toContain("Type a number from 1 to 2");
    await type("2\r");
    expect(seen()).toContain("Sign In to the App Store");
    await type("sign\r");
    await type(`${lab.apple.appleId}\r`);
    expect(seen()).toContain(`${lab.apple.appleId}`);
    await type(`${lab.apple.password}\r`);
    expect(seen()).not.toContain(lab.apple.password);
    await type("\u001b[A\u001b[A");
    expect(seen()).not.toContain(lab.apple.password);
    await lab.world.advance(2_000);
    expect(lab.appState(pages.bundleId)).toBe("Managed");
  });

  it("takes back a question that is no longer asked", async () => {
    const { lab, seen, type } = await sitDown();
    await lab.connection.command("c", install);
    await lab.connection.command("r", { RequestType: "RemoveApplication", Identifier: pages.bundleId });
    expect(seen()).toContain("(no longer asked)");
    await type("2\r");
    expect(lab.phone.view().apps).toEqual([]);
    await lab.connection.command("d", install);
    await type("1\r");
    expect(lab.appState(pages.bundleId)).toBe("UserRejected");
  });

  it("shows the company portal while nothing is asked, and asks for an app that is typed", async () => {
    const { lab, seen, type } = await sitDown();
    const { adamId: AdamID, bundleId: BundleID } = pages;
    const apps = [
      {
        AdamID: "7",
        BundleID: "com.example.notes",
        Name: "Field Notes",
        Status: "Failed",
        Reason: "no-license",
      },
      { AdamID, BundleID, Name: "Pages", Status: "Available", Deadline: new Date(Date.UTC(2016, 6, 1)) },
    ];
    const answer = async (message: object) => {
      const { RequestID } = lab.connection.last;
      lab.connection.send({ RequestID, ...message });
      await settle();
    };
    await type("what now\r");
    expect(seen()).toContain("Type “apps”");
    await type("apps\r");
    await answer({ MessageType: "PortalAppsAnswer", Apps: apps, Complete: true });
    expect(seen()).toMatch(
      /1 Field Notes: failed \(no-license\)\n.*2 Pages: available, to be installed at 2016-07-01/s,
    );
    await type("install 3\r");
    expect(seen()).toContain("no such app");
    await type("install pages\r");
    expect(lab.connection.last).toMatchObject({ MessageType: "PortalInstall", AdamID });
    await answer({ MessageType: "PortalInstallAnswer", AdamID, Outcome: "Accepted" });
    expect(seen()).toContain("You have asked for Pages.");
    await type("install 1\r");
    await answer({
      MessageType: "PortalInstallAnswer",
      AdamID: "7",
      Outcome: "Refused",
      Reason: "NotOffered",
    });
    expect(seen()).toContain("That did not work: the app 7 is not offered to you");
    // A prompt comes first, and what is typed is its answer; afterwards the portal is there again.
    await lab.connection.command("c", install);
    await type("1\r");
    expect(lab.appState(pages.bundleId)).toBe("UserRejected");
    seen();
    await type("apps\r");
    await answer({ MessageType: "PortalAppsAnswer", Apps: [], Complete: true });
    expect(seen()).toContain("Your organisation offers you no apps.");
    lab.phone.lock();
    await type("apps\r");
    expect(seen()).toContain("That did not work: the phone is locked");
  });

  it("notices that the person wants to leave", async () => {
    const { type, left } = await sitDown();
    expect(left()).toBe(false);
    await type("\u0003");
    expect(left()).toBe(true);
  });
});

describe("an automatic person", () => {
  it.each([
    ["accept", { appleId: "anna@example.com", password: "correct horse" }, "Managed"],
    ["accept", { appleId: "anna@example.com", password: "wrong" }, "UserRejected"],
    ["accept", {}, "UserRejected"],
    ["decline", {}, "UserRejected"],
    ["ignore", {}, "Prompting"],
  ] as const)("who is to %s, with %j, leaves the app %s", async (manner, account, state) => {
    const lab = await startLab();
    onTestFinished(answerAutomatically(lab.phone, { manner, ...account }));
    await lab.connection.command("c", install);
    await lab.world.advance(2_000);
    expect(lab.appState(pages.bundleId)).toBe(state);
    expect(lab.apple.wrongPasswords).toBeLessThanOrEqual(1);
  });
});
