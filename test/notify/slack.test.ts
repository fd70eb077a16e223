import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { activeParts, parsedTexts, type Slack, shownBySlack, startSlack } from '../support/slack.ts';
import { notifierOf, pageOf, slackToken, type UnderTest } from './under-test.ts';

describe('a page to Slack', () => {
  let slack: Slack;
  let notifier: UnderTest;
  beforeEach(async () => {
    slack = await startSlack(slackToken);
    notifier = notifierOf([{ kind: 'slack', name: 'ops-room', url: slack.url }]);
  });
  afterEach(async () => {
    expect(slack.refused).toEqual([]);
    await slack.stop();
  });
  const textsOf = async (detail: string): Promise<string[]> => {
    expect((await notifier.page(pageOf({ detail, runbook: detail, escalation: detail }))).delivered).toBe(true);
    const message = slack.messages.at(-1);
    return message === undefined ? [] : parsedTexts(message);
  };

  it('is a message as it is documented, with the command that releases the hold', async () => {
    expect(await notifier.page(pageOf())).toMatchObject({
      channels: [{ channel: 'ops-room', kind: 'slack', delivered: true, fault: null }],
    });
    const { detail, commands, workflowId } = pageOf();
    const texts = parsedTexts(slack.messages[0] as never);
    expect(texts).toContain(`\`${detail}\``);
    expect(texts).toContain(`\`${commands[0]}\``);
    expect(texts).toContain(`incident \`${workflowId}\``);
    expect(slack.asked[0]?.headers['content-type']).toMatch(/^application\/json/);
  });

  it.each([
    '<!channel> <!here|here> <!everyone>',
    '<@U012AB3CD> <#C123456> <!subteam^SAZ94GDB8> <!date^0^{date}|x>',
    '<https://evil.example.com|our runbook> https://evil.example.com',
    '@here @channel @everyone (@here) "@channel" .@here `@here`',
    '&lt;!channel&gt; &amp;lt;!here&amp;gt;',
    '``` *bold* _italic_ ~gone~ :skull: > quote',
  ])('mentions nobody and links nowhere: %s', async (hostile) => {
    const texts = await textsOf(hostile);
    for (const text of texts) expect(activeParts(text)).toEqual([]);
    const shown = hostile.replaceAll('`', '\\u{0060}').replaceAll(/(?<![A-Za-z0-9])@/g, '\uFF20');
    expect(texts.map(shownBySlack)).toContain(`\`${shown}\``);
    for (const block of slack.messages.at(-1)?.blocks ?? [])
      if (block.type === 'section') expect(block.text).toMatchObject({ type: 'mrkdwn', verbatim: true });
  });

  it('leaves an address readable', async () => {
    expect(await textsOf('rejected by first@example.com')).toContain('`rejected by first@example.com`');
  });

  it('shows bidi marks, escapes and line breaks as what they are', async () => {
    const texts = (await textsOf('\u202Egnp.exe \u001b[31mred\nsecond \u200b line')).join('\n');
    expect(texts).toContain('\\u{202E}gnp.exe \\u{001B}[31mred\u23CEsecond \\u{200B} line');
  });

  it('fits, however long its texts are, and says how much was cut off', async () => {
    for (const unit of ['x', '&', '@', '\u202E', '🙂']) {
      const [, detail] = await textsOf(unit.repeat(200_000));
      expect(detail).toMatch(/… \(\+\d+ characters\)`$/);
    }
  });

  it('is valid and inactive, whatever texts it is made of', async () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '&',
      '!',
      '@',
      '|',
      '`',
      '#',
      'here',
      'channel',
      ' ',
      '\n',
      'amp;',
      '\u202E',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 500 }),
      fc.array(piece).map((all) => all.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (detail) => {
        for (const parsed of await textsOf(detail)) expect(activeParts(parsed)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
