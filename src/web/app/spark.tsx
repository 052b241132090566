/** A line of a few samples, without axes: how a number moved lately. */

const WIDTH = 60;
const HEIGHT = 16;

/** What is at the bottom and at the top. */
function rangeOf(values: readonly number[], least: number): readonly [number, number] {
  const top = Math.max(...values);
  const bottom = Math.min(...values);
  // Memory that hardly moves is a line in the middle, not noise as high as the row.
  if (least === 0) return top - bottom < top * 0.1 ? [top * 0.9, top * 1.1 || 1] : [bottom * 0.98, top];
  return [0, Math.max(top, least)];
}

/** The points of the line, from left to right; the newest is at the right edge. */
export function sparkPath(values: readonly number[], least: number): string {
  const [bottom, top] = rangeOf(values, least);
  const step = WIDTH / (WIDTH - 1);
  const from = WIDTH - (values.length - 1) * step;
  return values
    .map((value, index) => {
      const y = HEIGHT - 1 - ((value - bottom) / (top - bottom)) * (HEIGHT - 2);
      return `${index === 0 ? 'M' : 'L'}${(from + index * step - 1).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}

/** @param least what the top of the scale stands for at least; 0: the scale is that of the values */
export function Spark({ values, least }: { values: readonly number[]; least: number }) {
  if (values.length < 2 || values.every((value) => value === 0)) return <span class="spark" />;
  const line = sparkPath(values, least);
  const left = (WIDTH - (values.length - 1) * (WIDTH / (WIDTH - 1)) - 1).toFixed(1);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="spark-area" d={`${line}L${WIDTH - 1} ${HEIGHT}L${left} ${HEIGHT}Z`} />
      <path class="spark-line" d={line} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
