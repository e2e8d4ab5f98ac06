/** The lab that a plan is played on, with what its acts should bring about. */
import type { TraceEvent } from "../../shared/trace.ts";
import type { VirtualLab } from "../../simulator/lab.ts";
import { givePhone, type Persona } from "../../simulator/people/person.ts";
import type { Model, ModelPhone } from "./model.ts";
import type { PatientAdmin } from "./patient-admin.ts";
import { apps, type GroupName, type PersonId, type Setup } from "./plan.ts";
import type { Receiver } from "./receiver.ts";
import type { Trouble } from "./trouble.ts";

export const password = "correct horse battery";
/** Of every phone that has one. */
export const passcode = "1234";

export interface Run {
  readonly lab: VirtualLab;
  readonly model: Model;
  readonly admin: PatientAdmin;
  /** Of the organisation, in Apple's control API. */
  readonly appleRoot: string;
  readonly trouble: Trouble;
  readonly receiver: Receiver;
  readonly events: readonly TraceEvent[];
}

export function appId(index: number): string {
  return apps[index] ?? "";
}

export function installationPath({ phone }: ModelPhone, app: number): string {
  return `/api/v1/installations/${phone.config.udid}:${appId(app)}`;
}

export function personaOf(setup: Setup, owner: PersonId): Persona {
  const { terms, install, wrongPasswords } = setup.habits[owner];
  return {
    appleId: `${owner}@icloud.example`,
    password,
    terms,
    install,
    wrongPasswords,
    thinkMsMin: 500,
    thinkMsMax: 20_000,
  };
}

/** Into the hand of its owner, unless it is there already. */
export function pickUp({ lab, model }: Run, held: ModelPhone): void {
  held.putAway ??= givePhone(lab.world, held.phone, personaOf(model.setup, held.owner));
}

export function putAway(held: ModelPhone): void {
  held.putAway?.();
  held.putAway = undefined;
}

export async function groupId({ admin }: Pick<Run, "admin">, name: GroupName): Promise<string> {
  const { items } = await admin.get<{ items: { id: string; name: string }[] }>("/api/v1/groups?limit=100");
  const found = items.find((group) => group.name === name);
  if (!found) throw new Error(`the group ${name} is lost`);
  return found.id;
}

/** How Apple feels: simulator/apple/behaviour.ts has the words. */
export type Behaviour = Readonly<Record<string, unknown>>;

export function setBehaviour({ lab }: Pick<Run, "lab">, change: Behaviour): Promise<unknown> {
  return lab.apple.send("PUT", "/control/v1/behaviour", JSON.stringify(change), "application/json");
}
