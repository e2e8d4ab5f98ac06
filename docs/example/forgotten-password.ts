/** A scenario in TypeScript: `npx pippin run ./forgotten-password.ts` plays it. */
import { defineScenario } from "pippin";

export default defineScenario({
  name: "forgotten-password",
  title: "who has forgotten the password joins no program, and costs no licence",
  world: {
    licenses: { Pages: 1 },
    people: [{ id: "anna", groups: ["Sales"], persona: "forgetful" }],
  },
  personas: { forgetful: { wrongPasswords: 20 } },
  thresholds: { "licenses.taken": "<= 0" },
  steps: [
    { deploy: { app: "Pages", group: "Sales" } },
    { expect: { installation: { phone: "anna", app: "Pages", state: "waitingForTerms" } }, within: "1h" },
    {
      expect: [{ terms: { person: "anna", status: "invited" } }, { licenses: { app: "Pages", used: 0 } }],
      for: "2d",
    },
  ],
});
