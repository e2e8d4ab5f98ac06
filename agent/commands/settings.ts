import { z } from "zod";
import { Settings } from "../../shared/commands.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import { mdmErrors } from "../../shared/results.ts";
import type { PhoneCore } from "../core.ts";
import { setForManagedApp, type ManagedAppSetting } from "../managed-app-settings.ts";
import {
  accessRights,
  acknowledged,
  commandHandler,
  errorReport,
  notSupervised,
  type ErrorCause,
  type Report,
} from "./handler.ts";

const settingsMax = 64;
const text = z.string().max(1_024);
const dictionary = z.custom<PlistDictionary>(
  (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype,
);

/** One setting: what it looks like, what it needs, and what it does. The members of the answer say what it was about. */
interface Setting {
  readonly right: number;
  readonly supervised: boolean;
  /** Undefined when the setting is malformed. */
  read(item: unknown): ((phone: PhoneCore) => Outcome) | undefined;
}
/** `about`: the app that the setting is for. */
type Outcome = { readonly about?: string; readonly cause?: ErrorCause };

function setting<T>(
  schema: z.ZodType<T>,
  needs: { right?: number; supervised?: boolean },
  apply: (phone: PhoneCore, item: T) => Outcome | undefined,
): Setting {
  return {
    right: needs.right ?? accessRights.none,
    supervised: needs.supervised ?? false,
    read(item) {
      const parsed = schema.safeParse(item);
      return parsed.success ? (phone) => apply(phone, parsed.data) ?? {} : undefined;
    },
  };
}

const Enabled = z.looseObject({ Enabled: z.boolean() });
const OrganizationInfo = z.looseObject({
  OrganizationInfo: z
    .looseObject({
      OrganizationName: text.min(1),
      OrganizationShortName: text.optional(),
      OrganizationAddress: text.optional(),
      OrganizationPhone: text.optional(),
      OrganizationEmail: text.optional(),
      OrganizationMagic: text.optional(),
    })
    .optional(),
});

const AppSetting = z.looseObject({
  Identifier: z.string().min(1).max(255),
  Configuration: dictionary.optional(),
  Attributes: dictionary.optional(),
});

/** Settings that an iPhone of 2016 knows. */
const settings: ReadonlyMap<string, Setting> = new Map([
  [
    "DeviceName",
    setting(
      z.looseObject({ DeviceName: z.string().min(1).max(255) }),
      { supervised: true },
      (phone, { DeviceName }) => {
        phone.store.state.settings.deviceName = DeviceName;
        phone.changed();
        return undefined;
      },
    ),
  ],
  [
    "OrganizationInfo",
    setting(OrganizationInfo, {}, (phone, { OrganizationInfo: info }) => {
      // Without it, what was known is forgotten.
      const known = Object.entries(info ?? {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string",
      );
      phone.store.state.settings.organizationInfo = info ? Object.fromEntries(known.slice(0, 16)) : null;
      return undefined;
    }),
  ],
  [
    "MDMOptions",
    setting(
      z.looseObject({
        MDMOptions: z.looseObject({ ActivationLockAllowedWhileSupervised: z.boolean().optional() }),
      }),
      {},
      (phone, { MDMOptions: { ActivationLockAllowedWhileSupervised: allowed } }) => {
        phone.store.state.settings.activationLockAllowedWhileSupervised = allowed ?? null;
        return undefined;
      },
    ),
  ],
  ["ApplicationConfiguration", appSetting("configuration", "Configuration")],
  ["ApplicationAttributes", appSetting("attributes", "Attributes")],
  [
    "DataRoaming",
    setting(Enabled, { right: accessRights.queryNetwork }, (phone, { Enabled: isOn }) => {
      const { settings: set } = phone.store.state;
      set.dataRoaming = isOn;
      if (isOn) set.voiceRoaming = true; // Apple: roaming for data includes roaming for calls
      return undefined;
    }),
  ],
  [
    "VoiceRoaming",
    setting(Enabled, { right: accessRights.queryNetwork }, (phone, { Enabled: isOn }) => {
      const { settings: set } = phone.store.state;
      set.voiceRoaming = isOn;
      if (!isOn) set.dataRoaming = false;
      return undefined;
    }),
  ],
  [
    "PersonalHotspot",
    setting(Enabled, { right: accessRights.queryNetwork }, (phone, { Enabled: isOn }) => {
      phone.store.state.settings.personalHotspot = isOn;
      return undefined;
    }),
  ],
  [
    "Wallpaper",
    setting(
      z.looseObject({
        Image: z.instanceof(Uint8Array),
        Where: z.number().int().min(1).max(3),
      }),
      { supervised: true },
      (_phone, { Image: image }) => (isPicture(image) ? undefined : { cause: badWallpaper }),
    ),
  ],
]);

/** Nobody sees the wallpaper of a simulated phone, so all that is left of it is whether a phone would take it. */
function isPicture(image: Uint8Array): boolean {
  const [a, b, c] = image;
  const isPng = a === 0x89 && b === 0x50 && c === 0x4e;
  const isJpeg = a === 0xff && b === 0xd8 && c === 0xff;
  return isPng || isJpeg;
}

function appSetting(member: ManagedAppSetting, key: "Configuration" | "Attributes"): Setting {
  return setting(AppSetting, { right: accessRights.manageApps }, (phone, item) => {
    const { Identifier: about } = item;
    if (setForManagedApp(phone.apps, about, member, item[key])) return { about };
    const description = `The app “${about}” is not managed.`;
    return { about, cause: { code: mdmErrors.appNotManaged, description } };
  });
}

const settingsErrorDomain = "MCSettingsErrorDomain";
const badWallpaper: ErrorCause = {
  code: 28001,
  domain: settingsErrorDomain,
  description: "The wallpaper is no picture that the phone can show.",
};

/** Sets one thing after the other. Each has a result of its own: that one of them is refused is no error of the command. */
export const changeSettings = commandHandler({
  schema: Settings.refine(
    ({ Settings: items }) => items.length <= settingsMax,
    `at most ${settingsMax} settings`,
  ),
  right: accessRights.changeSettings,
  perform(phone, command): Report {
    return acknowledged({ Settings: command.Settings.map((item) => change(phone, item)) });
  },
});

function change(phone: PhoneCore, item: { Item: string }): PlistDictionary {
  const known = settings.get(item.Item);
  const rights = phone.store.state.enrollment?.accessRights ?? 0;
  if (known === undefined)
    return errorReport({
      code: 28000,
      domain: settingsErrorDomain,
      description: `The phone does not know the setting “${item.Item.slice(0, 64)}”.`,
    });
  const apply = known.read(item);
  if (apply === undefined)
    return errorReport({
      code: mdmErrors.malformedRequest,
      description: `The setting ${item.Item} lacks a value, or a value has the wrong type.`,
    });
  if ((rights & known.right) !== known.right)
    return errorReport({
      code: mdmErrors.notAuthorised,
      description: "The profile does not give the server the right to this setting.",
    });
  if (known.supervised && !phone.supervised) return errorReport(notSupervised);
  const { about, cause } = apply(phone);
  return {
    ...(cause === undefined ? acknowledged() : errorReport(cause)),
    ...(about === undefined ? {} : { Identifier: about }),
  };
}
