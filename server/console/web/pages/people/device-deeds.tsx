/** What is most often done to a phone, each by one command. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { DeviceView } from "../../../../api/device-view.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { Failure } from "../../core/failure.tsx";
import { FormSheet, TextField } from "../../core/form.tsx";
import { For } from "../../core/session.tsx";
import { commandMessages } from "../../messages/commands.ts";
import { deviceDeedMessages } from "../../messages/devices.ts";
import { CommandEditor } from "./command-editor.tsx";
import { nameOfDevice } from "./device-words.tsx";

type Act = "command" | "lock" | "restart" | "clearPasscode" | "erase";

interface ActProps {
  readonly device: DeviceView;
  onClose(): void;
}

type Command = Readonly<Record<string, unknown>>;

/** What tells a phone's facts and its apps. */
const inventory: readonly Command[] = [
  {
    RequestType: "DeviceInformation",
    Queries: [
      "DeviceName",
      "OSVersion",
      "BuildVersion",
      "ProductName",
      "SerialNumber",
      "iTunesStoreAccountIsActive",
      "iTunesStoreAccountHash",
    ],
  },
  { RequestType: "ManagedApplicationList" },
  { RequestType: "InstalledApplicationList" },
];

async function give({ udid }: DeviceView, once: string, command: Command): Promise<void> {
  await call("POST", `/api/v1/devices/${part(udid)}/commands`, { once, body: { command } });
}

export function DeviceDeeds({ device, installedCount }: { device: DeviceView; installedCount: number }) {
  const say = useSay();
  const [act, setAct] = useState<Act>();
  const [queued, setQueued] = useState(0);
  const ask = useDeed(async (once) => {
    setQueued(0);
    for (const [index, command] of inventory.entries()) await give(device, `${once}-${index}`, command);
    setQueued(inventory.length);
  });
  const close = () => setAct(undefined);
  if (device.state !== "enrolled") return null;
  return (
    <For role="operator">
      <div class="actions deeds">
        <button class="primary" onClick={() => setAct("command")}>
          {say(commandMessages.send)}
        </button>
        <button disabled={ask.isUnderWay} onClick={() => void ask.run()}>
          {say(deviceDeedMessages.inventory)}
        </button>
        <button onClick={() => setAct("lock")}>{say(deviceDeedMessages.lock)}</button>
        {device.supervised && (
          <button onClick={() => setAct("restart")}>{say(deviceDeedMessages.restart)}</button>
        )}
        {device.canClearPasscode && (
          <button onClick={() => setAct("clearPasscode")}>{say(deviceDeedMessages.clearPasscode)}</button>
        )}
        <button class="danger" onClick={() => setAct("erase")}>
          {say(deviceDeedMessages.erase)}
        </button>
      </div>
      <p role="status" class="small muted">
        {queued > 0 && say(deviceDeedMessages.queued, { n: queued })}
      </p>
      <Failure failure={ask.failure} />
      {act === "command" && (
        <CommandEditor to={{ udid: device.udid, name: nameOfDevice(device) }} onClose={close} />
      )}
      {act === "lock" && <Lock device={device} onClose={close} />}
      {act === "restart" && <Restart device={device} onClose={close} />}
      {act === "clearPasscode" && <ClearPasscode device={device} onClose={close} />}
      {act === "erase" && <Erase device={device} installedCount={installedCount} onClose={close} />}
    </For>
  );
}

function Lock({ device, onClose }: ActProps) {
  const say = useSay();
  const [message, setMessage] = useState("");
  const [phoneNumber, setPhoneNumber] = useState("");
  const deed = useDeed((once) =>
    give(device, once, {
      RequestType: "DeviceLock",
      ...(message === "" ? {} : { Message: message }),
      ...(phoneNumber === "" ? {} : { PhoneNumber: phoneNumber }),
    }),
  );
  return (
    <FormSheet
      title={say(deviceDeedMessages.lockTitle, { name: nameOfDevice(device) })}
      submit={say(deviceDeedMessages.lock)}
      deed={deed}
      onClose={onClose}
    >
      <p>{say(deviceDeedMessages.lockText)}</p>
      <TextField
        label={say(deviceDeedMessages.message)}
        hint={say(deviceDeedMessages.optional)}
        value={message}
        onValue={setMessage}
        data-focus
      />
      <TextField
        label={say(deviceDeedMessages.phoneNumber)}
        hint={say(deviceDeedMessages.optional)}
        value={phoneNumber}
        onValue={setPhoneNumber}
        autoComplete="off"
      />
    </FormSheet>
  );
}

function Restart({ device, onClose }: ActProps) {
  const say = useSay();
  const deed = useDeed((once) => give(device, once, { RequestType: "RestartDevice" }));
  return (
    <FormSheet
      title={say(deviceDeedMessages.restartTitle, { name: nameOfDevice(device) })}
      submit={say(deviceDeedMessages.restart)}
      kind="alert"
      deed={deed}
      onClose={onClose}
    >
      <p>{say(deviceDeedMessages.restartText)}</p>
    </FormSheet>
  );
}

function ClearPasscode({ device, onClose }: ActProps) {
  const say = useSay();
  const deed = useDeed((once) => give(device, once, { RequestType: "ClearPasscode" }));
  return (
    <FormSheet
      title={say(deviceDeedMessages.clearTitle, { name: nameOfDevice(device) })}
      submit={say(deviceDeedMessages.clearPasscode)}
      tone="danger"
      kind="alert"
      deed={deed}
      onClose={onClose}
    >
      <p>{say(deviceDeedMessages.clearText)}</p>
    </FormSheet>
  );
}

function Erase({ device, installedCount, onClose }: ActProps & { readonly installedCount: number }) {
  const say = useSay();
  const [typed, setTyped] = useState("");
  const serial = device.serialNumber ?? device.udid;
  const deed = useDeed((once) => give(device, once, { RequestType: "EraseDevice" }));
  return (
    <FormSheet
      title={say(deviceDeedMessages.eraseTitle, { name: nameOfDevice(device) })}
      submit={say(deviceDeedMessages.erase)}
      tone="danger"
      kind="alert"
      disabled={typed.trim() !== serial}
      deed={deed}
      onClose={onClose}
    >
      <p class="notice bad">{say(deviceDeedMessages.eraseText, { n: installedCount })}</p>
      <TextField
        label={say(
          device.serialNumber === null ? deviceDeedMessages.eraseCheckUdid : deviceDeedMessages.eraseCheck,
          { serial },
        )}
        value={typed}
        onValue={setTyped}
        required
        autoComplete="off"
        spellcheck={false}
      />
    </FormSheet>
  );
}
