import { startLab } from "pippin";
import "pippin/vitest";
import { expect, test } from "vitest";
import { rollOut } from "./roll-out.ts";

const organisation = {
  licenses: { Pages: 2 },
  people: [
    { id: "anna", groups: ["Sales"], persona: "quick" },
    { id: "bert", groups: ["Sales"], persona: "forgetful" },
  ],
  personas: {
    quick: { think: "1s..5s" },
    forgetful: { think: "10s..1m", wrongPasswords: 2 },
  },
};

test("everybody in Sales has Pages within an hour", async () => {
  await using lab = await startLab({ seed: 7, world: "virtual", ...organisation });
  await rollOut(lab.admin, "Pages", "sales");
  await lab.eventually(
    () => {
      for (const phone of lab.phones) expect(phone).toHaveInstalled("Pages");
    },
    { within: "1h" },
  );
  await expect(lab).toHaveLicenses("Pages", { used: 2, available: 0 });
  await expect(lab).toHaveExactLedger();
});

test("a person who taps Cancel costs no licence", async () => {
  await using lab = await startLab({ seed: 7, ...organisation });
  const anna = lab.person("anna");
  const phone = lab.phone("anna");
  phone.putAway();
  await rollOut(lab.admin, "Pages", "sales");
  await lab.eventually(() => expect(phone).toShow("programTerms"));
  await phone.tap("accept");
  await lab.eventually(() => expect(phone).toShow("appleIdSignIn"));
  await phone.tap("signIn", anna.credentials);
  await lab.eventually(() => expect(phone).toShow("appInstallation"));
  await phone.tap("cancel");
  await lab.eventually(() => expect(lab).toHaveLicenses("Pages", { used: 1 }));
  expect(phone).not.toHaveInstalled("Pages");
});

test("nothing is rolled out when there are too few licences", async () => {
  await using lab = await startLab({ seed: 7, ...organisation, licenses: { Pages: 1 } });
  await expect(rollOut(lab.admin, "Pages", "sales")).rejects.toThrow("1 licences of Pages are free");
  await lab.advance("1d");
  expect(lab.events("license.taken")).toHaveLength(0);
});
