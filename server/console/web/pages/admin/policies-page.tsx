/** The choices an admin has about how the server behaves. */
import { useEffect, useState } from "preact/hooks";
import type { Message } from "../../../../../shared/web/messages.ts";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Backoff, Policies } from "../../../../policies.ts";
import { call, type ApiFailure } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { Failure } from "../../core/failure.tsx";
import { errorOf, SelectField, TextField } from "../../core/form.tsx";
import { Loading, Page } from "../../core/page.tsx";
import { useResource } from "../../core/resource.ts";
import { useMay } from "../../core/session.tsx";
import { policyTexts } from "../../messages/admin.ts";
import { common } from "../../messages/common.ts";
import { nav } from "../../messages/navigation.ts";
import { policyChoices, policyHints, policyNames } from "../../messages/policies.ts";

type Name = keyof Policies;
type Values = Readonly<Record<string, string>>;

const choices: Readonly<Partial<Record<Name, readonly string[]>>> = {
  conflictRules: ["2016", "2017"],
  dep: ["refuse", "userless-only", "documented"],
  licensing: ["user", "user-and-device"],
  licenseOnUnenroll: ["keep", "reclaim"],
  setupAssistant: ["release", "hold"],
};
const hints: Readonly<Partial<Record<Name, Message>>> = policyHints;
const choiceNames: ReadonlyMap<string, Message> = new Map(Object.entries(policyChoices));
const backoffParts = ["firstSeconds", "factor", "maxSeconds"] as const;

/** Every field by its name: `dep`, `retry.factor`. */
function valuesOf(policies: Policies): Values {
  return Object.fromEntries(
    Object.entries(policies).flatMap(([name, value]) =>
      typeof value === "object"
        ? backoffParts.map((part) => [`${name}.${part}`, String(value[part])])
        : [[name, String(value)]],
    ),
  );
}

/** The policies of which a field was changed. */
function changesIn(policies: Policies, values: Values): Partial<Record<Name, unknown>> {
  const before = valuesOf(policies);
  const changed = new Set(
    Object.keys(values).flatMap((field) =>
      values[field] === before[field] ? [] : [field.split(".")[0] as Name],
    ),
  );
  return Object.fromEntries(
    [...changed].map((name) => {
      const now = policies[name];
      if (typeof now === "object")
        return [
          name,
          Object.fromEntries(backoffParts.map((part) => [part, Number(values[`${name}.${part}`])])),
        ];
      return [name, typeof now === "number" ? Number(values[name]) : values[name]];
    }),
  );
}

export function PoliciesPage() {
  const say = useSay();
  const { data, failure, reload } = useResource<Policies>("/api/v1/policies", ["policies"]);
  return (
    <Page title={say(nav.policies)} lead={say(policyTexts.lead)}>
      {data ? <PolicyForm policies={data} onSaved={reload} /> : null}
      {!data && (failure ? <Failure failure={failure} onRetry={reload} /> : <Loading />)}
    </Page>
  );
}

function PolicyForm({ policies, onSaved }: { policies: Policies; onSaved: () => void }) {
  const say = useSay();
  const mayChange = useMay("admin");
  const [typed, setTyped] = useState<Values>({});
  const [isSaved, setSaved] = useState(false);
  const values = { ...valuesOf(policies), ...typed };
  const changes = changesIn(policies, values);
  const count = Object.keys(changes).length;
  const deed = useDeed(() => call("PATCH", "/api/v1/policies", { body: changes }));
  useEffect(() => {
    if (count > 0) setSaved(false);
  }, [count]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void deed.run().then((done) => {
          if (!done) return;
          setTyped({});
          setSaved(true);
          onSaved();
        });
      }}
    >
      <fieldset class="bare" disabled={!mayChange}>
        <div class="grid">
          {(Object.keys(policyNames) as Name[]).map((name) => (
            <div class="card" key={name}>
              <PolicyField
                name={name}
                values={values}
                value={policies[name]}
                failure={deed.failure}
                onValue={(field, value) => setTyped((before) => ({ ...before, [field]: value }))}
              />
            </div>
          ))}
        </div>
      </fieldset>
      <div class="section" role="status">
        <Failure failure={deed.failure} />
        {isSaved && <p class="notice good">{say(policyTexts.saved)}</p>}
      </div>
      {mayChange && (
        <div class="sheet-buttons">
          <button type="button" disabled={count === 0} onClick={() => setTyped({})}>
            {say(policyTexts.reset)}
          </button>
          <button class="primary" type="submit" disabled={count === 0 || deed.isUnderWay}>
            {say(common.save)}
          </button>
        </div>
      )}
    </form>
  );
}

interface PolicyFieldProps {
  readonly name: Name;
  readonly value: string | number | Backoff;
  readonly values: Values;
  readonly failure: ApiFailure | undefined;
  onValue(field: string, value: string): void;
}

function PolicyField({ name, value, values, failure, onValue }: PolicyFieldProps) {
  const say = useSay();
  const label = say(policyNames[name]);
  const hint = hints[name];
  if (typeof value === "object") {
    return (
      <fieldset class="bare">
        <legend>{label}</legend>
        <div class="three">
          {backoffParts.map((part) => (
            <TextField
              key={part}
              label={say(policyTexts[part])}
              type="number"
              step="any"
              value={values[`${name}.${part}`] ?? ""}
              error={errorOf(failure, `${name}.${part}`)}
              onValue={(text) => onValue(`${name}.${part}`, text)}
            />
          ))}
        </div>
      </fieldset>
    );
  }
  const common = { label, hint: hint && say(hint), value: values[name] ?? "", error: errorOf(failure, name) };
  const options = choices[name];
  if (options) {
    return (
      <SelectField
        {...common}
        options={options.map((option) => {
          const text = choiceNames.get(`${name}.${option}`);
          return [option, text ? say(text) : option] as const;
        })}
        onValue={(chosen) => onValue(name, chosen)}
      />
    );
  }
  return <TextField {...common} type="number" step="any" onValue={(text) => onValue(name, text)} />;
}
