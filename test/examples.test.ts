// Every example and the demo run as a newcomer runs them, and say what they should.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { child, runToEnd, runsUsing } from './processes.ts'

const runs = runsUsing('examples and demo')

const expected: { readonly [example: string]: readonly string[] } = {
  '01-hello.ts': ['stored {', "email: 'ada@example.org'", '[ { leads: 1 } ]'],
  '02-entities.ts': [
    'order: stored',
    'same but for its note: duplicate',
    'refused: total WrongType',
    'refused: changedAt WrongType',
    'battery: 75',
    "learned columns: [ { key: 'k', size: 1.5 } ]",
    "openedAt: '2020-01-01T07:00:00.000000Z'",
  ],
  '03-subscribe.ts': ['invoiced: 12, 30', 'dead letter: a negative invoice', 'dropped: true'],
  '04-query.ts': [
    '{ stored: 5, duplicate: 0, outdated: 0, rejected: 0 }',
    'now: 999.99 then: 700',
    'pages: 2 1 undefined',
    "{ city: 'Porto', flats: 3, rent: '850' }",
    "{ id: 'f1', room: 'study' }",
    'refused: InvalidQuery',
    'rent of f1: 750',
  ],
  '05-custom-adapter.ts': [
    "{ stored: 4, pages: 2, cursor: '2024-01-03T10:00:00Z' }",
    "[ { id: 1, title: 'No sound', state: 'closed' } ]",
    "[ { id: 1, state: 'open' }, { id: 2, state: 'open' } ]",
  ],
  '07-google-cloud.ts': [
    'embedded: DATASTORE_EMULATOR_HOST, PUBSUB_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST not set',
    "paid: [ 'a' ]",
    "[ { status: 'open', n: 1 }, { status: 'paid', n: 1 } ]",
    'verify: 0 0',
  ],
  '06-rebuild-and-verify.ts': [
    'before: 0 silver',
    'verify finds 2 documents',
    'generation 2 serves 5 entities',
    'after: 2 silver',
    'views: { events: 5, pending: 0, missing: 0, surplus: 0, different: 0 }',
    'queryEngine: { events: 5, pending: 0, missing: 0, surplus: 0, different: 0 }',
  ],
}

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'dreampipe-example-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('no example is left out', () => {
  expect(
    readdirSync(new URL('../examples', import.meta.url))
      .filter((name) => /^\d.*\.ts$/.test(name))
      .sort(),
  ).toEqual(Object.keys(expected).sort())
})

test('a custom adapter, with its entity and its pipeline, takes fewer than forty lines', () => {
  expect(
    readFileSync(new URL('../examples/05-custom-adapter.ts', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n').length,
  ).toBeLessThan(40)
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [block = ''] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code]) => code as string)
    .filter((code) => code.includes('helpdesk-tickets'))
  expect(block).toContain('producer({')
  expect(block.trimEnd().split('\n').length).toBeLessThan(40)
})

test.runIf(runs).each(Object.entries(expected))('%s', async (name, lines) => {
  const { code, output, complaint } = await runToEnd(`examples/${name}`, [], folder())
  expect([code, complaint]).toEqual([0, ''])
  for (const line of lines) expect(output).toContain(line)
})

test.runIf(runs)(
  'the demo is the mission in one go: Salesforce read on a schedule while it changes, and verify all ' +
    'zero',
  async () => {
    const { code, output, complaint } = await runToEnd('examples/demo/main.ts', [])
    expect([code, complaint]).toEqual([0, ''])
    const rows = output.split('\n').map((line) => line.trim())
    // Records, stored, duplicate, outdated, quarantined, and after the calls the logins: of the first table
    // behind a line.
    const after = (line: string): readonly number[] => {
      const header = rows.findIndex((row, i) => i > rows.indexOf(line) && row.startsWith('records'))
      const cells = (rows[header + 1] ?? '').split(/\s+/).map(Number)
      return [...cells.slice(0, 5), cells[6] ?? NaN]
    }
    expect(
      after('1. The first run: every lead that is there, paged, typed, stored, and the cursor behind them'),
    ).toEqual([200, 200, 0, 0, 0, 1])
    expect(after('three leads change, one of them twice')).toEqual([3, 3, 0, 0, 0, 1])
    expect(
      after('a long transaction changes a lead, and is not committed; meanwhile another lead changes'),
    ).toEqual([0, 0, 0, 0, 0, 1])
    expect(after('the transaction is committed, late')).toEqual([2, 2, 0, 0, 0, 1])
    expect(after('a lead is deleted, one is merged into another, and the access token expires')).toEqual([
      3, 2, 1, 0, 0, 2,
    ])
    expect(after('a formula changes for every lead, without touching a stamp; an hour passes')).toEqual([
      198, 198, 0, 0, 0, 2,
    ])
    expect(after('another hour passes, and nothing changes')).toEqual([198, 0, 198, 0, 0, 2])
    expect(after('a lead comes without the name that every lead should have; another one changes')).toEqual([
      2, 1, 0, 0, 1, 2,
    ])
    expect(after('it gets its name')).toEqual([1, 1, 0, 0, 0, 2])
    expect(output.match(/in quarantine: .*Name: a required value is empty.*dropped: true/g)).toHaveLength(1)
    expect(output).toMatch(
      / 1 .* upsert +Open +Berlin[\s\S]* 2 .* upsert +Converted +Graz[\s\S]* 3 .* upsert +Converted +Graz/,
    )
    expect(output).toMatch(/ 3 .* upsert +Converted +Graz[\s\S]*merged into another:[\s\S]* 2 .* delete/)
    expect(output).toMatch(/projection .*\n +views +407 +0 +0 +0 +0\n +queryEngine +407 +0 +0 +0 +0\n/)
    expect(output).not.toMatch(/undefined|\[object|local-secret|00D5g0/)
  },
  60_000,
)

test.runIf(runs)(
  'the demo reads once, refuses what it does not know, and --watch goes on until it is interrupted, ' +
    'and cleans up',
  async () => {
    const once = await runToEnd('examples/demo/main.ts', ['--once'])
    expect([
      once.code,
      once.output.includes('On a schedule'),
      /views +200 +0 +0 +0 +0/.test(once.output),
    ]).toEqual([0, false, true])
    expect(await runToEnd('examples/demo/main.ts', ['--wach'])).toMatchObject({
      code: 2,
      complaint: expect.stringContaining('usage: npm run demo') as string,
    })
    const left = folder()
    const watching = child('examples/demo/main.ts', ['--watch'], undefined, { TMPDIR: left })
    const lines: string[] = []
    const until = async (text: string): Promise<void> => {
      do lines.push(await watching.line())
      while (lines.at(-1)?.includes(text) !== true)
    }
    await until('Ctrl-C ends')
    await until('Ctrl-C ends')
    watching.process.kill('SIGINT')
    await until('queryEngine')
    expect(lines.at(-1)).toMatch(/queryEngine +\d+ +0 +0 +0 +0/)
    expect([await watching.ended, readdirSync(left)]).toEqual([0, []])
  },
  60_000,
)

test.runIf(runs)('the JSONL demo is the main job on a file', async () => {
  const { code, output, complaint } = await runToEnd('examples/jsonl-demo/main.ts', [])
  expect([code, complaint]).toEqual([0, ''])
  const rows = output.split('\n').map((line) => line.trim().split(/\s+/))
  const [first, again] = rows
    .filter(([stored]) => stored === 'stored')
    .map((heading) => rows[rows.indexOf(heading) + 1]?.map(Number))
  expect(first?.[0]).toBeGreaterThan(300)
  expect(again).toEqual([0, (first?.[0] ?? 0) + (first?.[1] ?? 0), 0, first?.[3]])
  expect(output).toMatch(/11 {2}late {2}2024-01-29T23:36Z/)
  expect(output).toContain('2024-02-11  deleted')
  expect(output).not.toMatch(/undefined|\[object/)
})

test.runIf(runs)(
  "the demo takes a file of one's own, plain records or wire form, and says what is wrong with " + 'it',
  async () => {
    const file = join(folder(), 'own.jsonl')
    const wire = {
      entity: 'Shop',
      yadto: {
        id: { propertyType: 'String', value: 's' },
        updatedAt: { propertyType: 'DateTime', value: '2024-01-01T00:00:00Z' },
        eventSource: { propertyType: 'String', value: 'x' },
      },
    }
    writeFileSync(
      file,
      [
        JSON.stringify({ id: 'a', n: 1, o: { x: [1, 2] }, updatedAt: '2024-01-01T00:00:00Z' }),
        'rubbish',
        JSON.stringify({ id: 'b' }),
        JSON.stringify(wire),
      ].join('\n'),
    )
    const { code, output } = await runToEnd('examples/jsonl-demo/main.ts', [file, '--entity', 'Thing'])
    expect(code).toBe(0)
    expect(output).toMatch(/stored +duplicate +outdated +rejected\n +2 +0 +0 +2\n/)
    expect(output).toContain('updatedAt Missing')
    expect(output).toContain('SELECT * FROM Shop LIMIT 5')
    expect(await runToEnd('examples/jsonl-demo/main.ts', [join(folder(), 'nowhere')])).toMatchObject({
      code: 2,
      complaint: expect.stringContaining('usage: npm run demo:jsonl') as string,
    })
  },
)
