// Provisioning on Google's emulators: a plan, what it makes, that it is repeatable, and what is said where
// something is missing.
import { PubSub } from '@google-cloud/pubsub'
import { describe, expect, test } from 'vitest'
import { createPipeline, type Signal } from 'dreampipe'
import { closing, day, Lead, source, until } from '../flow/kit.ts'
import { newProject, onEmulators, warehouses } from './kit.ts'

const newHosts = await warehouses('provisioning on Google Cloud')

describe.runIf(newHosts.found)('provision', () => {
  test('provision plans, applies, is repeatable, and names what is missing at run time', async () => {
    const [hosts, project] = [await newHosts(), newProject()]
    const signals: Signal[] = []
    const names = {
      persisted: 'pst-Extraction_${entity}_Persisted',
      subscription: 'psl-Extraction_${entity}_Persisted_${subscription}-ERS',
      updates: { Lead: 'pst-Extraction_Lead_Update' },
    }
    const pipeline = closing(
      createPipeline([Lead], {
        driver: onEmulators(hosts, project, { provision: undefined as never, updates: true, names }),
        results: true,
        observe: (signal) => void signals.push(signal),
      }),
    )
    const billing = pipeline.subscribe(Lead, {
      name: 'billing',
      filter: { email: 'a@x.org' },
      handle: () => undefined,
    })
    await expect(pipeline.start({ roles: ['views'] })).rejects.toMatchObject({
      _tag: 'NotProvisioned',
      remedy: 'pipeline.provision()',
    })
    // A receipt means stored, whatever is not provisioned yet.
    expect((await pipeline.submit(Lead.toUpdate({ id: 'a', at: day(1) }, source))).status).toBe('stored')
    await until(() =>
      signals.some((signal) => signal._tag === 'unregistered' && signal.error._tag === 'NotProvisioned'),
    )
    const plan = await pipeline.provision()
    expect(plan.steps.map(({ kind, name, state }) => `${state} ${kind} ${name}`)).toEqual([
      'missing topic pst-Extraction_Lead_Persisted',
      'missing topic pst-Extraction_Lead_Update',
      'missing topic dreampipe-Lead-broken',
      'missing topic dreampipe-results',
      'missing subscription psl-Extraction_Lead_Persisted_query-engine-ERS',
      'missing subscription psl-Extraction_Lead_Persisted_views-ERS',
      'missing subscription psl-Extraction_Lead_Persisted_billing-ERS',
      'missing subscription dreampipe-Lead-receiver',
      'missing dataset test',
    ])
    expect(plan.report).toContain('9 missing')
    expect(plan.report).toContain('index.yaml: indexes: []')
    expect(plan.report).toContain('permissions: nothing is granted here')
    expect((await pipeline.provision({ apply: true })).steps.map(({ state }) => state)).toEqual(
      Array.from({ length: 9 }, () => 'made'),
    )
    expect((await pipeline.provision({ apply: true })).steps.map(({ state }) => state)).toEqual(
      Array.from({ length: 9 }, () => 'there'),
    )
    await pipeline.start()
    await pipeline.settled()
    expect(await pipeline.sql('SELECT count(*) AS n FROM Lead')).toEqual([{ n: 1 }])
    await billing.ready
    await until(async () => (await pipeline.current(Lead, { id: 'a' })) !== undefined)
    const client = new PubSub({ projectId: project, apiEndpoint: hosts.pubsub })
    const [metadata] = await client.subscription('psl-Extraction_Lead_Persisted_billing-ERS').getMetadata()
    expect([
      metadata.filter,
      metadata.enableMessageOrdering ?? false,
      metadata.deadLetterPolicy ?? null,
    ]).toEqual(['attributes.email = "a@x.org"', false, null])
    await client.close()
  }, 60_000)
})
