/** Everything a scenario can expect, by name. */
import { z } from "zod";
import { managedAppStates } from "../../shared/app-states.ts";
import { installationReasons, installationStates } from "../../shared/installations.ts";
import { resultStatuses } from "../../shared/results.ts";
import { eventNames, type TraceEvent } from "../../shared/trace.ts";
import { Count, type Matcher } from "./matcher.ts";
import { allPages, type InstallationItem } from "./observations.ts";
import { probe, together, type Finding, type ProbeKind, type Subject } from "./probe.ts";
import type { References } from "./vocabulary.ts";
import { groupIdOf } from "./world-plan.ts";

/** Subjects whose events are worth printing: more than these nobody reads. */
const subjectsMax = 3;

const accountStates = ["valid", "expired", "revoked", "invalid", "assignedToExternalMdm", "deleted"] as const;
const termsStatuses = ["notInvited", "invited", "accepted", "retired"] as const;
const commandStates = [
  "queued",
  "sent",
  "deferred",
  "acknowledged",
  "failed",
  "malformed",
  "cancelled",
  "expired",
] as const;

function counted(what: string, value: number, wanted: Matcher, about: readonly Subject[] = []): Finding {
  return {
    distance: wanted.distance(value),
    found: `${value} ${what}, expected ${wanted.text}`,
    about: about.slice(0, subjectsMax),
  };
}

function same(what: string, found: unknown, wanted: unknown, about: readonly Subject[] = []): Finding {
  return {
    distance: found === wanted ? 0 : 1,
    found: `${what} is ${String(found)}, expected ${String(wanted)}`,
    about,
  };
}

export function probes(names: References): [string, ProbeKind][] {
  const { app, group, person, phone, phones } = names;
  const State = z.enum(installationStates);
  const Reason = z.enum(installationReasons);

  return [
    [
      "installations",
      probe(
        z.strictObject({
          app: app.optional(),
          group: group.optional(),
          person: person.optional(),
          state: State.optional(),
          reason: Reason.optional(),
          /** As admins know it, e.g. `0x87D13B7E`. */
          code: z
            .string()
            .regex(/^0x[0-9A-F]{8}$/, "expected a code such as 0x87D13B7E")
            .optional(),
          count: Count,
        }),
        async (stage, given) => {
          const query = new URLSearchParams();
          if (given.app !== undefined) query.set("adamId", given.app);
          if (given.group !== undefined) query.set("groupId", groupIdOf(given.group));
          if (given.person !== undefined) query.set("userId", given.person);
          const all = await allPages<InstallationItem & { code: string | null }>(
            stage.lab,
            `/api/v1/installations?${query.toString()}`,
          );
          const fits = (one: InstallationItem & { code: string | null }) =>
            (given.state === undefined || one.state === given.state) &&
            (given.reason === undefined || one.reason === given.reason) &&
            (given.code === undefined || one.code === given.code);
          const fitting = all.filter(fits);
          const wanted = [given.state, given.reason, given.code].filter(Boolean).join("/") || "installations";
          const others = all.filter((one) => !fits(one));
          // Too few: those that are something else are in the way. Too many: those that are it.
          const inTheWay =
            given.count.distance(fitting.length + 1) < given.count.distance(fitting.length)
              ? others
              : fitting;
          const tally = others.length === 0 ? "" : ` (others: ${tallied(others)})`;
          return counted(
            `${wanted}${tally}`,
            fitting.length,
            given.count,
            inTheWay.map(({ udid, adamId }) => ({ udid, adamId })),
          );
        },
      ),
    ],
    [
      "installation",
      probe(z.strictObject({ phone, app, state: State, reason: Reason.optional() }), async (stage, given) => {
        const id = stage.installationId(given.phone, given.app);
        const items = await allPages<InstallationItem>(
          stage.lab,
          `/api/v1/installations?udid=${id.split(":")[0] ?? ""}&adamId=${given.app}`,
        );
        const [item] = items;
        const found = item === undefined ? "none" : words(item.state, item.reason);
        const isSo =
          item?.state === given.state && (given.reason === undefined || item.reason === given.reason);
        return {
          distance: isSo ? 0 : 1,
          found: `${stage.appName(given.app)} on ${given.phone} is ${found}, expected ${words(given.state, given.reason ?? null)}`,
          about: item === undefined ? [] : [{ udid: item.udid, adamId: item.adamId }],
        };
      }),
    ],
    [
      "licenses",
      probe(
        z
          .strictObject({ app, total: Count.optional(), used: Count.optional(), available: Count.optional() })
          .refine(({ total, used, available }) => (total ?? used ?? available) !== undefined, {
            message: "expected at least one of total, used and available",
          }),
        async (stage, given) => {
          const { assets } = await stage.lab.apple.get<{
            assets: { adamId: string; totalCount: number; assignedCount: number; availableCount: number }[];
          }>(stage.organisationPath);
          const asset = assets.find(({ adamId }) => adamId === given.app);
          const name = stage.appName(given.app);
          const about = [{ adamId: given.app }];
          return together([
            ...(given.total
              ? [counted(`licences of ${name} owned`, asset?.totalCount ?? 0, given.total, about)]
              : []),
            ...(given.used
              ? [counted(`licences of ${name} used`, asset?.assignedCount ?? 0, given.used, about)]
              : []),
            ...(given.available
              ? [counted(`licences of ${name} free`, asset?.availableCount ?? 0, given.available, about)]
              : []),
          ]);
        },
      ),
    ],
    [
      "terms",
      probe(z.strictObject({ person, status: z.enum(termsStatuses) }), async (stage, given) => {
        const user = await stage.lab.admin.get<{ terms: { status: string } }>(
          `/api/v1/users/${given.person}`,
        );
        return same(`the terms status of ${given.person}`, user.terms.status, given.status, [
          { userId: given.person },
        ]);
      }),
    ],
    [
      "users",
      probe(
        z.strictObject({ status: z.enum(termsStatuses), group: group.optional(), count: Count }),
        async (stage, { status, group: name, count }) => {
          const inGroup = name === undefined ? "" : `&groupId=${groupIdOf(name)}`;
          const users = await allPages<object>(stage.lab, `/api/v1/users?termsStatus=${status}${inGroup}`);
          return counted(`users ${status}`, users.length, count);
        },
      ),
    ],
    [
      "phones",
      probe(
        z.strictObject({
          of: phones.default("all"),
          /** By the phone's own screen. */
          has: app.optional(),
          appState: z.enum(managedAppStates).optional(),
          enrolled: z.boolean().optional(),
          connected: z.boolean().optional(),
          locked: z.boolean().optional(),
          prompt: z
            .enum([
              "none",
              "programTerms",
              "appInstallation",
              "appleIdSignIn",
              "storeTerms",
              "managementChange",
              "appUpdate",
              "notice",
            ])
            .optional(),
          count: Count,
        }),
        async (stage, given) => {
          const fits = (udid: string) => {
            const view = stage.view(udid);
            const found = view.apps.find(({ adamId }) => adamId === given.has);
            return (
              (given.has === undefined || found?.installed === true) &&
              (given.appState === undefined || view.apps.some(({ state }) => state === given.appState)) &&
              (given.enrolled === undefined || view.enrolled === given.enrolled) &&
              (given.connected === undefined || view.connected === given.connected) &&
              (given.locked === undefined || view.locked === given.locked) &&
              (given.prompt === undefined || (view.prompt?.kind ?? "none") === given.prompt)
            );
          };
          const all = stage.select(given.of).map(({ config }) => config.udid);
          const fitting = all.filter(fits);
          const others = all.filter((udid) => !fitting.includes(udid));
          const { of, count, has, ...rest } = given;
          const named = { ...(has === undefined ? {} : { has: stage.appName(has) }), ...rest };
          const description = Object.entries(named).map(([key, value]) => `${key} ${String(value)}`);
          return counted(
            `of ${all.length} phones (${of}) with ${description.join(", ")}`,
            fitting.length,
            count,
            others.map((udid) => ({ udid })),
          );
        },
      ),
    ],
    [
      "ledger",
      probe(z.literal("exact"), async ({ lab }) => {
        const ledger = await lab.admin.get<{
          drift: number;
          violations: string[];
          differences: { message: string }[];
        }>("/api/v1/ledger/check");
        const differences = ledger.differences.map(({ message }) => message).join("; ");
        return together([
          counted(`seats on which Apple and the server disagree (${differences})`, ledger.drift, exactly(0)),
          unbroken("the server's", ledger.violations),
        ]);
      }),
    ],
    [
      /** Apple's own books are in order, and nobody made a mistake of their own. */
      "soundness",
      probe(z.literal("exact"), async (stage) => {
        const apple = await stage.lab.apple.get<{ violations: string[] }>("/control/v1/invariants");
        const mistakes = [...stage.happened("internal.error"), ...stage.happened("invariant.violated")];
        const told = mistakes
          .map(({ seq, event, message, problem }) => `#${seq} ${event}: ${String(message ?? problem)}`)
          .join("; ");
        return together([
          unbroken("Apple's", apple.violations),
          counted(`mistakes of the programs' own (${told})`, mistakes.length, exactly(0)),
        ]);
      }),
    ],
    [
      "account",
      probe(z.strictObject({ state: z.enum(accountStates) }), async ({ lab }, { state }) => {
        const account = await lab.admin.get<{ state: string }>("/api/v1/vpp/token");
        return same("the account", account.state, state);
      }),
    ],
    [
      "command",
      probe(
        z.strictObject({
          /** The name that a `command` step gave it with `as`. */
          as: z.string(),
          state: z.enum(commandStates).optional(),
          status: z.enum(resultStatuses).optional(),
          rejection: z.string().min(1).optional(),
          errorCode: z.number().int().optional(),
        }),
        async (stage, given) => {
          const findings: Finding[] = [];
          for (const { udid, commandUUID } of stage.commandsNamed(given.as)) {
            const command = await stage.lab.admin.get<CommandAnswer>(`/api/v1/commands/${commandUUID}`);
            const name = `${given.as} on ${stage.phoneNamed(udid)}`;
            const about = [{ udid, commandUUID }];
            const { Status, RejectionReason, ErrorChain } = command.result ?? {};
            if (given.state !== undefined) findings.push(same(name, command.state, given.state, about));
            if (given.status !== undefined)
              findings.push(same(`${name}: Status`, Status, given.status, about));
            if (given.rejection !== undefined)
              findings.push(same(`${name}: RejectionReason`, RejectionReason, given.rejection, about));
            if (given.errorCode !== undefined)
              findings.push(same(`${name}: ErrorCode`, ErrorChain?.[0]?.ErrorCode, given.errorCode, about));
          }
          return together(findings);
        },
      ),
    ],
    [
      "events",
      probe(
        z.strictObject({
          event: z.enum(eventNames),
          phone: phones.optional(),
          person: person.optional(),
          app: app.optional(),
          /** Further members, e.g. `{ kind: programTerms }`. */
          where: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
          count: Count,
        }),
        async (stage, given) => {
          const named = stage.happened(given.event);
          const udids =
            given.phone === undefined
              ? undefined
              : new Set(stage.select(given.phone).map(({ config }) => config.udid));
          const where = Object.entries(given.where);
          const unknown = where.find(([key]) => named.length > 0 && !named.some((event) => key in event));
          if (unknown) throw new Error(`no event ${given.event} has a member ${JSON.stringify(unknown[0])}`);
          const fitting = named.filter(
            (event: TraceEvent) =>
              (udids === undefined || (event.udid !== undefined && udids.has(event.udid))) &&
              (given.person === undefined || event.userId === given.person) &&
              (given.app === undefined || event.adamId === given.app) &&
              where.every(([key, value]) => event[key] === value),
          );
          const details = where.map(([key, value]) => ` ${key}=${String(value)}`).join("");
          const on = given.phone === undefined ? "" : ` on ${given.phone}`;
          const of = [given.person, given.app && stage.appName(given.app)].filter(Boolean).join(", ");
          const about = of === "" ? "" : ` (${of})`;
          return counted(`events ${given.event}${details}${on}${about}`, fitting.length, given.count);
        },
      ),
    ],
  ];
}

interface CommandAnswer {
  state: string;
  result: { Status?: string; RejectionReason?: string; ErrorChain?: { ErrorCode?: number }[] } | null;
}

function exactly(number: number): Matcher {
  return {
    text: String(number),
    matches: (value) => value === number,
    distance: (value) => Math.abs(value - number),
  };
}

function unbroken(whose: string, violations: readonly string[]): Finding {
  return counted(
    `broken invariants of ${whose} books (${violations.join("; ")})`,
    violations.length,
    exactly(0),
  );
}

function words(state: string, reason: string | null): string {
  return reason === null ? state : `${state}/${reason}`;
}

function tallied(items: readonly InstallationItem[]): string {
  const counts = new Map<string, number>();
  for (const { state, reason } of items) {
    const name = words(state, reason);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
}
