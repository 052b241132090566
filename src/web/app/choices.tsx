/** Small buttons that are on or off: one of several, or one alone. */

interface ChoicesProps<T> {
  /** What they are a choice of. */
  readonly label: string;
  readonly choices: readonly (readonly [value: T, text: string])[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
}

export function Choices<T>({ label, choices, value, onChoose }: ChoicesProps<T>) {
  return (
    <div class="chips" role="group" aria-label={label}>
      {choices.map(([choice, text]) => (
        <button key={text} type="button" class="chip" aria-pressed={choice === value} onClick={() => onChoose(choice)}>
          {text}
        </button>
      ))}
    </div>
  );
}

interface SwitchProps {
  readonly text: string;
  readonly isOn: boolean;
  readonly onSwitch: (isOn: boolean) => void;
}

export const Switch = ({ text, isOn, onSwitch }: SwitchProps) => (
  <button type="button" class="chip" aria-pressed={isOn} onClick={() => onSwitch(!isOn)}>
    {text}
  </button>
);
