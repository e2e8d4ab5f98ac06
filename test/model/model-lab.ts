/** Opens the real thing that a plan is played on: Apple, server, phones and people in one virtual world. */
import type { TraceEvent } from "../../shared/trace.ts";
import { runVirtual, type VirtualLab } from "../../simulator/lab.ts";
import type { World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import { Model } from "./model.ts";
import { PatientAdmin } from "./patient-admin.ts";
import { apps, groupNames, groups, people, phonePlans, type Plan } from "./plan.ts";
import { password, pickUp, type Run } from "./run.ts";
import { Receiver } from "./receiver.ts";
import { SickDisk } from "./sick-disk.ts";
import { Trouble } from "./trouble.ts";

/** Opens a lab by the plan's setup, and hands it to `main`. */
export async function withModelLab<T>(plan: Plan, main: (run: Run) => Promise<T>): Promise<T> {
  const events: TraceEvent[] = [];
  const trouble = new Trouble();
  const options = {
    seed: `model ${plan.setup.worldSeed}`,
    progress: () => undefined,
    keepsWire: false,
    serverWorld: (world: World) =>
      worldWith(world, { disk: new SickDisk(world.disk, () => trouble.diskAilment) }),
    onEvent(event: TraceEvent) {
      events.push(event);
      trouble.eventSeen();
    },
  };
  return runVirtual(options, async (lab) => {
    const admin = new PatientAdmin(lab.admin, lab.world);
    const run: Run = {
      lab,
      model: new Model(plan.setup),
      admin,
      appleRoot: await openAccount(lab, plan),
      trouble,
      receiver: await Receiver.open(lab, admin),
      events,
    };
    await enrolEverybody(run);
    trouble.beginsIn(lab);
    try {
      return await main(run);
    } finally {
      await trouble.end();
    }
  });
}

/** The organisation at Apple, and its token at the server. */
async function openAccount({ apple, admin }: VirtualLab, { setup }: Plan): Promise<string> {
  const org = await apple.post<{ organisationId: number }>("/control/v1/organisations", {
    name: "Model & Co",
    appleId: "it@model.example",
  });
  const root = `/control/v1/organisations/${org.organisationId}`;
  for (const [index, adamId] of apps.entries())
    await apple.post(`${root}/licenses`, { adamId, quantity: setup.seats[index] });
  await apple.post("/control/v1/apple-ids", {
    appleIds: people.map((id) => ({ appleId: `${id}@icloud.example`, password })),
  });
  const { sToken } = await apple.post<{ sToken: string }>(`${root}/tokens`, {});
  const upload = { sToken, tokenName: "Model", appleId: "it@model.example", acknowledged: true };
  await admin.send("PUT", "/api/v1/vpp/token", JSON.stringify(upload), "application/json");
  return root;
}

async function enrolEverybody(run: Run): Promise<void> {
  const { lab, admin, model } = run;
  // What takes days otherwise comes within the time that a run is given to settle.
  await admin.send("PATCH", "/api/v1/policies", {
    inventoryIntervalDays: 0.02,
    inviteElsewhereHours: 0.5,
    licenseOnUnenroll: model.setup.licenseOnUnenroll,
  });
  const rows = people.map((id) => {
    const of = groupNames.filter((name) => (groups[name] as readonly string[]).includes(id));
    return `${id},${id},${id}@model.example,${of.join(";")}`;
  });
  const csv = ["id,name,email,groups", ...rows].join("\n");
  await admin.sendText("POST", "/api/v1/users/import", csv, "text/csv");
  const tokens = phonePlans.map(({ owner, kind }) => ({ kind, userId: owner }));
  const made = await admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", { tokens });
  for (const [index, { owner, kind }] of phonePlans.entries()) {
    const phone = await lab.addPhone({
      serial: `MODEL${index}`,
      product: "iPhone8,1",
      name: `${owner}'s phone`,
      kind,
      enrollmentUrl: made.tokens[index]?.url ?? "",
    });
    const held = { index, owner, kind, phone, putAway: undefined, managed: true, hasLeft: false };
    model.phones.push(held);
    pickUp(run, held);
  }
  await until(lab, () => model.phones.every(({ phone }) => phone.view().enrolled));
}

async function until(lab: VirtualLab, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (isSo()) return;
    await lab.world.sleep(1_000);
  }
  throw new Error("waited in vain for the phones to enrol");
}
