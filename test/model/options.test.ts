// A mistyped option is refused wherever options are taken, with the one that was meant.
import { expect, test } from 'vitest'
import { createPipeline, entity, producer, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { t } from 'dreampipe/fp'
import { googleCloud } from 'dreampipe/google-cloud'

const Note = entity('Note', {
  properties: { id: y.string(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
const notes = producer({
  name: 'notes',
  entity: Note,
  cursor: t.number,
  start: 0,
  // eslint-disable-next-line require-yield
  async *pages() {},
  normalise: (row: never, to) => to.update(row),
})
const memory = () => createPipeline([Note], { driver: embedded({ folder: ':memory:' }) })
const refused = (message: string, path: string) =>
  expect.objectContaining({ _tag: 'InvalidDefinition', retry: false, message, path })

const thrown = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  return 'nothing was thrown'
}

const bad = (value: unknown): never => value as never

test.each<readonly [string, () => unknown, string, string]>([
  [
    'embedded',
    () => embedded(bad({ path: './d' })),
    'path',
    'embedded: path: is no option; there are folder, memory',
  ],
  [
    'embedded',
    () => embedded(bad({ foldr: './d' })),
    'foldr',
    'embedded: foldr: is no option: did you mean folder?',
  ],
  ['embedded', () => embedded(bad(undefined)), '', 'embedded: expects an object of options, got null'],
  [
    'embedded',
    () => embedded(bad({})),
    'folder',
    "embedded: folder: names a folder: embedded({ folder: './data' })",
  ],
  [
    'createPipeline',
    () => createPipeline([Note], bad({ drivr: 1 })),
    'drivr',
    'createPipeline: drivr: is no option: did you mean driver?',
  ],
  [
    'createPipeline',
    () => createPipeline(bad(Note)),
    '',
    'createPipeline: expects a list of entities: createPipeline([Lead])',
  ],
  [
    'createPipeline',
    () => createPipeline(bad([{}])),
    '',
    'createPipeline: has something in its list that is no entity: make it with entity()',
  ],
  [
    'createPipeline',
    () => createPipeline([Note], bad({ driver: './d' })),
    'driver',
    "createPipeline: driver: is no driver: embedded({ folder: './data' }) makes one",
  ],
  [
    'googleCloud',
    () => googleCloud(bad({ project: 'p', dataset: 'd' })),
    'project',
    'googleCloud: project: is no option: did you mean projectId?',
  ],
  [
    'entity',
    () => entity('E', bad({ identifer: ['id'], timestamp: 'at' })),
    'identifer',
    'entity E: identifer: is no option: did you mean identifier?',
  ],
  [
    'entity.view',
    () => entity('E', bad({ identifier: ['id'], timestamp: 'at', view: { indexes: [] } })),
    'view.indexes',
    'entity E: view.indexes: is no option: did you mean index?',
  ],
  [
    'producer',
    () => producer(bad({ ...notes.definition, normalize: () => [] })),
    'normalize',
    'entity producer notes: normalize: is no option: did you mean normalise?',
  ],
  [
    'schedule',
    () => memory().schedule(notes, '* * * * *', bad({ timezone: 'UTC' })),
    'timezone',
    'schedule: timezone: is no option: did you mean timeZone?',
  ],
  [
    'subscribe',
    () => memory().subscribe(Note, bad({ name: 'a', handler: () => undefined })),
    'handler',
    'subscribe: handler: is no option: did you mean handle?',
  ],
])('%s', (_, work, path, message) => {
  expect(thrown(work)).toEqual(refused(message, path))
})

test.each<readonly [string, (pipeline: ReturnType<typeof memory>) => Promise<unknown>, string, string]>([
  ['start', (p) => p.start(bad({ role: [] })), 'role', 'start: role: is no option: did you mean roles?'],
  [
    'start',
    (p) => p.start(bad({ roles: ['view'] })),
    'roles',
    'start: roles: cannot be "view": did you mean views?',
  ],
  [
    'rebuild',
    (p) => p.rebuild(Note, bad({ target: 'view' })),
    'target',
    'rebuild: target: cannot be "view": did you mean views?',
  ],
  [
    'find',
    (p) => p.find(Note, bad({ offset: 1 })),
    'offset',
    'find: offset: is no option; there are where, limit, cursor',
  ],
  ['find', (p) => p.find(Note, bad([])), '', 'find: expects an object of options, got a list'],
  [
    'sql',
    (p) => p.sql('SELECT 1', {}, bad({ rows: 1 })),
    'rows',
    'sql: rows: is no option: did you mean row?',
  ],
  [
    'run',
    (p) => p.run(notes, bad({ dryrun: 1 })),
    'dryrun',
    'run: dryrun: is no option: did you mean dryRun?',
  ],
  [
    'verify',
    (p) => p.verify(Note, bad({ repare: true })),
    'repare',
    'verify: repare: is no option: did you mean repair?',
  ],
  [
    'settled',
    (p) => p.settled(undefined, bad({ timeOut: 1 })),
    'timeOut',
    'settled: timeOut: is no option: did you mean timeout?',
  ],
  [
    'provision',
    (p) => p.provision(bad({ aply: true })),
    'aply',
    'provision: aply: is no option: did you mean apply?',
  ],
  [
    'submitAll',
    (p) => p.submitAll([], bad({ onReject: () => undefined })),
    'onReject',
    'submitAll: onReject: is no option: did you mean onRejected?',
  ],
])('%s rejects, and throws nothing at once', async (_, call, path, message) => {
  const pipeline = memory()
  await expect(call(pipeline)).rejects.toEqual(refused(message, path))
  await pipeline.close()
})

test('what is no update says what one looks like', async () => {
  const pipeline = memory()
  await expect(pipeline.submit(bad({ id: '1' }))).rejects.toMatchObject({
    _tag: 'UnknownEntity',
    message: "submit: names no entity: take Lead.toUpdate({ … }) or { entity: 'Lead', yadto }",
  })
  await expect(
    pipeline.submit(Note.toUpdate({ id: '1', at: new Date(NaN) }, { source: 's' })),
  ).rejects.toMatchObject({
    problems: [{ path: 'at', message: expect.stringMatching(/, got an invalid Date$/) }],
  })
  const n = { propertyType: 'Integer', value: 1718486007000000000 }
  await expect(pipeline.submit({ entity: 'Note', yadto: { n } })).rejects.toMatchObject({
    problems: expect.arrayContaining([
      expect.objectContaining({
        path: 'n',
        message: expect.stringContaining('send text or a bigint beyond'),
      }),
    ]),
  })
  await pipeline.close()
})
