// The table of known options holds the options of each type, none more and none less.
import { expectTypeOf, test } from 'vitest'
import type { FindOptions, AnyEntity, PipelineOptions, ProducerDefinition, ProvisionOptions } from 'dreampipe'
import type {
  RebuildOptions,
  RunOptions,
  ScheduleOptions,
  SubmitAllOptions,
  SubscriptionOptions,
  VerifyOptions,
} from 'dreampipe'
import type { EmbeddedOptions } from 'dreampipe/embedded'
import type { GoogleCloudOptions } from 'dreampipe/google-cloud'
import type { SqlOptions } from '../../src/flow/query/sql.ts'
import type { entity } from '../../src/model/entity.ts'
import type { knownOptions } from '../../src/model/options.ts'

type Known = { [K in keyof typeof knownOptions]: (typeof knownOptions)[K][number] }
type Declaration = Parameters<typeof entity>[1]

test('each entry of the table is the keys of its type', () => {
  expectTypeOf<Known['createPipeline']>().toEqualTypeOf<keyof PipelineOptions>()
  expectTypeOf<Known['embedded']>().toEqualTypeOf<keyof EmbeddedOptions>()
  expectTypeOf<Known['googleCloud']>().toEqualTypeOf<keyof GoogleCloudOptions>()
  expectTypeOf<Known['entity']>().toEqualTypeOf<keyof Declaration>()
  expectTypeOf<Known['entity.deduplication']>().toEqualTypeOf<
    keyof NonNullable<Declaration['deduplication']>
  >()
  expectTypeOf<Known['entity.view']>().toEqualTypeOf<keyof NonNullable<Declaration['view']>>()
  expectTypeOf<Known['producer']>().toEqualTypeOf<keyof ProducerDefinition<AnyEntity, unknown, unknown>>()
  expectTypeOf<Known['submitAll']>().toEqualTypeOf<keyof SubmitAllOptions>()
  expectTypeOf<Known['find']>().toEqualTypeOf<keyof FindOptions<AnyEntity>>()
  expectTypeOf<Known['sql']>().toEqualTypeOf<keyof SqlOptions<unknown>>()
  expectTypeOf<Known['run']>().toEqualTypeOf<keyof RunOptions>()
  expectTypeOf<Known['run.budget']>().toEqualTypeOf<keyof NonNullable<RunOptions['budget']>>()
  expectTypeOf<Known['run.tolerate']>().toEqualTypeOf<keyof NonNullable<RunOptions['tolerate']>>()
  expectTypeOf<Known['schedule']>().toEqualTypeOf<keyof ScheduleOptions<'promise'>>()
  expectTypeOf<Known['verify']>().toEqualTypeOf<keyof VerifyOptions>()
  expectTypeOf<Known['rebuild']>().toEqualTypeOf<keyof RebuildOptions | 'target'>()
  expectTypeOf<Known['provision']>().toEqualTypeOf<keyof ProvisionOptions>()
  expectTypeOf<Known['subscribe']>().toEqualTypeOf<keyof SubscriptionOptions<AnyEntity>>()
})
