// npm's amqplib, on channels with confirms. AMQP_URL names the broker; node --test runs it.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { after, afterEach, before, beforeEach, test: timelessTest } = require('node:test');

const amqplib = require('amqplib');

const url = process.env.AMQP_URL;
const test = (name, story) => timelessTest(name, { timeout: 10_000 }, story);
let connection, channel;

before(async () => { connection = await amqplib.connect(url); });
after(() => connection.close());
beforeEach(async () => { channel = await connection.createConfirmChannel(); });
afterEach(() => channel.close().catch(() => {}));  // one that the broker has closed is closed

const ownQueue = async (options = {}) => (await channel.assertQueue('', { exclusive: true, ...options })).queue;
const confirmed = (queue, body, options = {}) => new Promise((resolve, reject) => {
  channel.sendToQueue(queue, Buffer.from(body), options, (error) => (error ? reject(error) : resolve()));
});
const get = async (queue) => {
  const message = await channel.get(queue, { noAck: true });
  return message && message.content.toString();
};

// The first messages of a queue, acked, as `count` of them have come.
const consume = (queue, count, options = {}) => new Promise((resolve) => {
  const messages = [];
  channel.consume(queue, (message) => {
    messages.push(message);
    if (!options.noAck) channel.ack(message);
    if (messages.length === count) resolve(messages);
  }, options);
});

test('every publish is confirmed', async () => {
  const queue = await ownQueue();
  const confirms = [];
  for (let i = 0; i < 1000; ++i) confirms.push(confirmed(queue, String(i)));
  await Promise.all(confirms);
  assert.equal((await channel.checkQueue(queue)).messageCount, 1000);
});

test('waitForConfirms waits for all of them', async () => {
  const queue = await ownQueue();
  for (let i = 0; i < 100; ++i) channel.sendToQueue(queue, Buffer.from(String(i)));
  await channel.waitForConfirms();
  assert.equal((await channel.checkQueue(queue)).messageCount, 100);
});

test('what a full queue refuses is nacked', async () => {
  const queue = await ownQueue({ maxLength: 1, overflow: 'reject-publish' });
  await confirmed(queue, 'accepted');
  await assert.rejects(confirmed(queue, 'refused'), /nacked/);
});

test('an unroutable mandatory message comes back, then its confirm', async () => {
  const events = [];
  channel.on('return', (message) => events.push(message.fields.replyText + ' ' + message.content));
  await confirmed('amqplib-nowhere', 'lost', { mandatory: true });
  events.push('confirmed');
  assert.deepEqual(events, ['NO_ROUTE lost', 'confirmed']);
});

test('a body of several frames arrives whole', async () => {
  const queue = await ownQueue();
  const body = 'x'.repeat(1_000_000);
  await confirmed(queue, body);
  assert.equal(await get(queue), body);
});

test('properties and headers come back as they were', async () => {
  const queue = await ownQueue();
  const headers = { text: 'ü', number: 7, big: 2 ** 40, real: 1.5, yes: true, none: null, list: [1, 'two'], table: { a: 1 } };
  await confirmed(queue, 'body', {
    headers, contentType: 'text/plain', correlationId: 'c', replyTo: 'r', messageId: 'm', type: 't', appId: 'a',
    priority: 5, persistent: true, timestamp: 1234567890, expiration: 60000,
  });
  const { properties } = await channel.get(queue, { noAck: true });
  assert.deepEqual(properties.headers, headers);
  const { contentType, correlationId, replyTo, messageId, type, appId, priority, deliveryMode, timestamp, expiration } = properties;
  assert.deepEqual([contentType, correlationId, replyTo, messageId, type, appId, priority, deliveryMode, timestamp, expiration],
    ['text/plain', 'c', 'r', 'm', 't', 'a', 5, 2, 1234567890, '60000']);
});

test('a prefetch holds messages back until an ack', async () => {
  const queue = await ownQueue();
  for (const body of ['one', 'two', 'three']) await confirmed(queue, body);
  await channel.prefetch(2);
  const held = [];
  let third;
  const thirdCame = new Promise((resolve) => { third = resolve; });
  await channel.consume(queue, (message) => (held.push(message) === 3 ? third() : undefined));
  const other = await connection.createChannel();
  while (held.length < 2) await other.checkQueue(queue);
  assert.equal((await other.checkQueue(queue)).messageCount, 1);
  channel.ack(held[1], true);
  await thirdCame;
  assert.deepEqual(held.map((message) => message.content.toString()), ['one', 'two', 'three']);
  await other.close();
});

test('nacked and rejected messages come again, or are dropped', async () => {
  const queue = await ownQueue();
  await confirmed(queue, 'again');
  channel.nack(await channel.get(queue));
  let message = await channel.get(queue);
  assert.equal(message.fields.redelivered, true);
  channel.reject(message, true);
  message = await channel.get(queue);
  channel.reject(message, false);
  assert.equal(await get(queue), false);
});

test('exchanges route, and are bound to each other', async () => {
  const queue = await ownQueue();
  await channel.assertExchange('amqplib-topic', 'topic', { autoDelete: true });
  await channel.assertExchange('amqplib-fanout', 'fanout', { autoDelete: true });
  await channel.bindExchange('amqplib-fanout', 'amqplib-topic', 'news.#');
  await channel.bindQueue(queue, 'amqplib-fanout', '');
  channel.publish('amqplib-topic', 'other', Buffer.from('missed'));
  channel.publish('amqplib-topic', 'news.today', Buffer.from('hit'), { CC: 'news.also' });
  await channel.waitForConfirms();
  assert.equal(await get(queue), 'hit');
  assert.equal(await get(queue), false);
});

test('direct reply-to answers on the channel that asked', async () => {
  const requests = await ownQueue();
  const reply = consume('amq.rabbitmq.reply-to', 1, { noAck: true });
  const server = await connection.createChannel();
  await server.consume(requests, ({ properties, content }) => {
    server.sendToQueue(properties.replyTo, Buffer.from(content + '!'), { correlationId: properties.correlationId });
  }, { noAck: true });
  await confirmed(requests, 'hello', { replyTo: 'amq.rabbitmq.reply-to', correlationId: '7' });
  const [{ content, properties }] = await reply;
  assert.deepEqual([content.toString(), properties.correlationId], ['hello!', '7']);
  await server.close();
});

test('dead letters and expired messages go where they are told', async () => {
  const dead = await ownQueue();
  const options = { deadLetterExchange: '', deadLetterRoutingKey: dead };
  const rejecting = await ownQueue(options);
  const expiring = await ownQueue({ ...options, messageTtl: 1 });
  await confirmed(rejecting, 'rejected');
  channel.reject(await channel.get(rejecting), false);
  await confirmed(expiring, 'expired');
  const letters = await consume(dead, 2);
  const deaths = letters.map(({ content, properties }) => [content.toString(), properties.headers['x-death'][0].reason]).sort();
  assert.deepEqual(deaths, [['expired', 'expired'], ['rejected', 'rejected']]);
});

test('a consumer is told when its queue is deleted', async () => {
  const queue = await ownQueue();
  const cancelled = new Promise((resolve) => { channel.consume(queue, (message) => resolve(message)); });
  await channel.checkQueue(queue);
  await channel.deleteQueue(queue);
  assert.equal(await cancelled, null);
});

test('a refusal closes its channel with a reason, and no other', async () => {
  const refused = await connection.createChannel();
  const error = once(refused, 'error');
  await assert.rejects(refused.checkQueue('amqplib-nowhere'), /404 \(NOT-FOUND\).*no queue 'amqplib-nowhere'/);
  assert.equal((await error)[0].code, 404);
  assert.ok(await ownQueue());
});

test('a wrong password is refused', async () => {
  await assert.rejects(amqplib.connect(url.replace('guest:guest@', 'guest:wrong@')), /ACCESS-REFUSED|403/);
});
