// Prints the demo: headings, tables and a progress line that read well in a terminal and in a log file.
const isTerminal = process.stdout.isTTY === true
const styled = (code: number, text: string): string =>
  isTerminal && process.env['NO_COLOR'] === undefined ? `\u001b[${code}m${text}\u001b[0m` : text

export const bold = (text: string): string => styled(1, text)
export const dim = (text: string): string => styled(2, text)

export const heading = (text: string): void => console.log(`\n${bold(text)}`)
export const say = (text: string): void => console.log(`  ${text}`)

const cell = (value: unknown): string => {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value).replace(/(T\d\d:\d\d):\d\d\.\d{6}Z$/, '$1Z')
}

const clipped = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text

/** Rows as aligned columns; numbers stand to the right. */
export const table = (rows: readonly { readonly [column: string]: unknown }[]): void => {
  const [first] = rows
  if (first === undefined) return say(dim('(no rows)'))
  const columns = Object.keys(first)
  const cells = rows.map((row) => columns.map((column) => clipped(cell(row[column]), 44)))
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...cells.map((row) => (row[i] as string).length)),
  )
  const right = columns.map((column) => rows.every((row) => typeof row[column] === 'number'))
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) =>
        right[i] === true ? text.padStart(widths[i] as number) : text.padEnd(widths[i] as number),
      )
      .join('  ')
      .trimEnd()
  say(dim(line(columns)))
  for (const row of cells) say(line(row))
}

/** A line that is written over in a terminal, and only its last state elsewhere. */
export const progress = (): {
  readonly show: (text: string) => void
  readonly done: (text: string) => void
} => ({
  show: (text) => {
    if (isTerminal) process.stdout.write(`\r  ${text}\u001b[K`)
  },
  done: (text) => {
    process.stdout.write(`${isTerminal ? '\r' : ''}  ${text}${isTerminal ? '\u001b[K' : ''}\n`)
  },
})
