// Few figures for many measurements: the median, which one disturbance does not move, and the range.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three digits that count: 0.42, 4.2, 42, 420. */
export function rounded(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** `165 ms (150–190, 5 times)`. */
export function spread(values, unit) {
  if (values.length === 0) return 'not measured';
  const range = `${rounded(Math.min(...values))}–${rounded(Math.max(...values))}`;
  return `${rounded(median(values))} ${unit} (${range}, ${values.length} times)`;
}
