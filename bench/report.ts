// What a benchmark reports: each figure beside its floor and its goal, as text or as JSON.

interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly floor: number
  readonly ratio: number
  readonly goal: string
  readonly ok: boolean
}

export const asJson = process.argv.includes('--json')

export const rows: Row[] = []
export const round = (n: number): number => (n >= 100 ? Math.round(n) : Math.round(n * 100) / 100)

export const report = (
  name: string,
  value: number,
  unit: string,
  floor: number,
  ratio: number,
  goal: string,
  ok: boolean,
): void => {
  const row = { name, value: round(value), unit, floor: round(floor), ratio: round(ratio), goal, ok }
  rows.push(row)
  console.log(
    asJson
      ? JSON.stringify(row)
      : `${ok ? 'ok  ' : 'MISS'} ${name.padEnd(58)} ${String(row.value).padStart(9)} ${unit.padEnd(9)} ` +
          `floor ${String(row.floor).padStart(9)}  ratio ${String(row.ratio).padStart(5)}  goal ${goal}`,
  )
}
