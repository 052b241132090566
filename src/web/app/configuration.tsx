/** The configuration of a process, each value with the file and line that it comes from. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call } from './api.ts';
import { Switch } from './choices.tsx';
import { t } from './i18n.ts';
import { listOf, numberOf, objectOf, textOf } from './json.ts';
import type { Process } from './model.ts';
import { listen } from './store.ts';

interface Setting {
  readonly key: string;
  readonly value: string;
  readonly isDefault: boolean;
  readonly place: string;
}

/** What is not written in the files has no place there. */
function readSetting(value: unknown): Setting {
  const { key, value: text, file, line } = objectOf(value);
  const place = textOf(file) === '' ? '' : `${textOf(file)}:${numberOf(line)}`;
  return { key: textOf(key), value: textOf(text), isDefault: place === '', place };
}

function useSettings({ group, name }: Process) {
  const settings = useSignal<readonly Setting[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const load = (): void => {
      call('superd.getProgram', { name: `${group}:${name}` }, abort.signal)
        .then((answer) => {
          settings.value = listOf(answer).map(readSetting);
        })
        // Without a connection it stays as it is.
        .catch(() => undefined);
    };
    load();
    const stop = listen({
      records(records) {
        if (records.some((record) => record.kind === 'process-group' && record.group === group)) load();
      },
    });
    return () => {
      abort.abort();
      stop();
    };
  }, [group, name]);
  return settings;
}

const Row = ({ setting: { key, value, isDefault, place } }: { setting: Setting }) => (
  <tr class={isDefault ? 'default' : undefined}>
    <th scope="row">{key}</th>
    <td>
      <code>{value}</code>
    </td>
    <td class="place">{isDefault ? t('default') : place}</td>
  </tr>
);

export function Configuration({ process }: { process: Process }) {
  const settings = useSettings(process);
  const isAll = useSignal(false);
  const shown = settings.value.filter(({ isDefault }) => isAll.value || !isDefault);
  return (
    <section class="card configuration">
      <header>
        <h2>{t('configuration')}</h2>
        <Switch
          text={t('defaults')}
          isOn={isAll.value}
          onSwitch={(isOn) => {
            isAll.value = isOn;
          }}
        />
      </header>
      <div class="scrolling sideways" tabIndex={0} role="region" aria-label={t('configuration')}>
        <table>
          <thead class="unseen">
            <tr>
              <th scope="col">{t('key')}</th>
              <th scope="col">{t('value')}</th>
              <th scope="col">{t('place')}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((setting) => (
              <Row key={setting.key} setting={setting} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
