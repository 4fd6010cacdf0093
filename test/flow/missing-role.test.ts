// What is missing around a projection is no fault of its events: none of them is parked.
import { expect, test } from 'vitest'
import { embedded } from 'dreampipe/embedded'
import { notProvisioned } from '../../src/model/errors.ts'
import { TE } from '../../src/fp.ts'
import { projectQueryEngine } from '../../src/flow/project/query-engine.ts'
import { eventIdOf } from '../../src/model/identity.ts'
import { right } from '../../src/testing/check.ts'
import { temporaryFolder } from './kit.ts'

test(
  'a query engine that denies access, without positions: the delivery comes again, no event is named ' +
    'as failed',
  async () => {
    const ports = await right(embedded({ folder: temporaryFolder() }).open())
    const entityId = '00000000-0000-5000-8000-000000000001'
    const at = '2024-01-01T00:00:00.000000Z'
    const denied = {
      ...ports.queryEngine,
      append: () => TE.left(notProvisioned('query engine Lead', 'access is denied', 'grant the role')),
    }
    const work = projectQueryEngine(ports.eventStore, denied, 'Lead')
    expect(
      await work(
        [1, 2].map((sequence) => ({
          entity: 'Lead',
          entityId,
          eventId: eventIdOf(entityId, sequence),
          sequence,
          occurredAt: at,
          recordedAt: at,
          source: 'test',
          kind: 'full' as const,
          payload: '{}',
        })),
        undefined,
      )(),
    ).toMatchObject({ _tag: 'Left', left: { _tag: 'NotProvisioned' } })
    await ports.close()
  },
)
