// The demo: changes of a CRM become an event-sourced database, in one folder, in a few seconds. `-- FILE`
// takes JSONL of your own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPipeline, isDreampipeError, type Counts } from 'dreampipe'
import { jsonl } from 'dreampipe/adapters/jsonl'
import { embedded } from 'dreampipe/embedded'
import { Account, Lead, toUpdate } from './crm.ts'
import { ownFile } from './own-file.ts'
import { bold, dim, heading, progress, say, table } from '../print.ts'

const crm = async (folder: string): Promise<void> => {
  const sample = new URL('crm-changes.jsonl', import.meta.url)
  await using pipeline = createPipeline([Lead, Account], { driver: embedded({ folder }) })
  await pipeline.start()

  heading('1. Six weeks of CRM changes come in: late ones, repeated ones, broken ones')
  let bad: string[] = []
  const line = progress()
  const ingest = async (): Promise<Counts> => {
    bad = []
    const started = performance.now()
    const counts = await pipeline.submitAll(jsonl(sample, { normalise: toUpdate }), {
      onProgress: ({ stored, duplicate, rejected }) =>
        line.show(`${stored} stored, ${duplicate} duplicate, ${rejected} rejected`),
      onRejected: (error) =>
        bad.push(
          isDreampipeError(error, 'InvalidUpdate')
            ? error.problems.map(({ path, message }) => `${path}: ${message}`).join('; ')
            : error.message,
        ),
    })
    line.done(
      `${counts.stored + counts.duplicate + counts.rejected} updates in ` +
        `${Math.round(performance.now() - started)} ms`,
    )
    return counts
  }
  const counts = await ingest()
  table([{ ...counts }])
  say('What was wrong was told, and held up nobody:')
  for (const each of bad) say(dim(`- ${each}`))

  heading("2. One lead's history, in the order it arrived")
  await pipeline.settled()
  const id = 'L1006'
  const events = []
  let newest = ''
  for await (const event of pipeline.history(Lead, { id })) {
    const late = event.occurredAt < newest ? 'late' : ''
    newest = late === '' ? event.occurredAt : newest
    events.push({
      '#': event.sequence,
      '': late,
      'happened at': event.occurredAt,
      operation: event.operation,
      ...(event.operation === 'upsert'
        ? {
            stage: event.properties.stage,
            score: event.properties.score,
            city: event.properties.address?.city,
          }
        : { stage: null, score: null, city: null }),
    })
  }
  table(events)
  say(dim('Late events keep their own time: state is ordered by when it happened, not by arrival.'))

  heading('3. Its state then and now')
  for (const instant of ['2024-01-20T00:00:00Z', '2024-02-11T00:00:00Z']) {
    const then = await pipeline.asOf(Lead, { id }, instant)
    const shown =
      then && `${then.stage}, score ${then.score}, ${then.address?.city}${then.hot ? ', hot' : ''}`
    say(`${instant.slice(0, 10)}  ${shown ?? 'deleted'}`)
  }
  say(`now         ${JSON.stringify(await pipeline.current(Lead, { id }))} ${dim('(the material view)')}`)
  const hot = await pipeline.find(Lead, { where: { stage: 'won', hot: true }, limit: 3 })
  const names = hot.items.map(({ name, score }) => `${name} ${score}`).join(', ')
  say(`hot and won ${names}${hot.next === undefined ? '' : ' …'}`)

  heading('4. SQL over the current state, and as of a date')
  const byStage = 'SELECT stage, count(*) AS leads, round(avg(score), 1) AS score FROM'
  say(bold(`${byStage} Lead GROUP BY stage ORDER BY leads DESC`))
  table(await pipeline.sql(`${byStage} Lead GROUP BY stage ORDER BY leads DESC`))
  say(bold(`${byStage} Lead_as_of($at) …   ${dim('$at = 2024-01-20')}`))
  table(
    await pipeline.sql(`${byStage} Lead_as_of($at) GROUP BY stage ORDER BY leads DESC`, {
      at: '2024-01-20T00:00:00Z',
    }),
  )
  const joined =
    'SELECT a.name AS account, a.industry, a.revenue, count(*) AS leads FROM Lead l JOIN Account a ON ' +
    'a.id = l.account GROUP BY ALL ORDER BY leads DESC, account LIMIT 4'
  say(bold(joined))
  table(await pipeline.sql(joined))

  heading('5. The same file again: nothing is new')
  const again = await ingest()
  table([{ ...again }])
}

const [file, ...flags] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'dreampipe-demo-'))
try {
  await (file === undefined ? crm(folder) : ownFile(file, flags, folder))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
