"""The parser: replies of every kind, and properties that hold for any text.

The replies were written by hand, in the manner in which small chat models
write; none was recorded from a model.
"""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_lib.brain import parser
from agentic_lib.brain.decision import (
    ACTIONS,
    CONTINUE,
    INCREASE,
    REDUCE,
    STOP,
    Action,
)
from agentic_lib.brain.parser import NO_REASON, parse_decision
from agentic_lib.brain.wording import PLAIN

C, R, U, S = (action.name for action in ACTIONS)
NAMES = (C, R, U, S, None)
RESTORE = Action("restore_best", "go back to the best weights so far",
                 words=("roll back", "best weights", "revert", "恢复"))
FIVE = (*ACTIONS, RESTORE)
RENAMED = (
    replace(CONTINUE, name="wait_and_see"),
    replace(REDUCE, name="cool_down"),
    replace(INCREASE, name="warm_up"),
    replace(STOP, name="finish"),
)

# kind of reply -> [(reply, the action it holds or None)]
REPLIES = {
    "spellings": [
        ("continue", C),
        ("reduce_learning_rate", R),
        ("Increase Learning Rate", U),
        ("reduce-learning-rate", R),
        ("REDUCE_LR", R),
        ("increaseLearningRate", U),
        ("lower the LR", R),
        ("- reduce_learning_rate", R),
        ("reduce_learing_rate", R),
        ("reduce_lear", R),
        ("contine", C),
        ("reduce", R),
        ("Increase the LR", U),
        ("increase_lr", U),
        ("reduce_lerning_rate", R),
        ("reduce_learning_rtae", R),
        ("incraese_learning_rate", U),
        ("countinue", C),
    ],
    "letters": [
        ("B", R),
        ("(b)", R),
        ("Option B", R),
        ("Answer: B", R),
        ("2", R),
        ("Answer: 2", R),
        ("option 2", R),
        ("B. The gap is large.", R),
        ("Answer: (b)", R),
        ("The correct answer is B.", R),
        ("I choose B.", R),
        ("I'd go with option B, since the gap is large.", R),
        ("I would not choose B.", None),
        ("a lower loss is better", None),
        ("choose a good rate", None),
        ("My answer: 2", R),
        ("B) reduce_learning_rate", R),
        ("(B) reduce_learning_rate - the gap is large", R),
        ("I would select option 2: reduce_learning_rate", R),
        ("Option A", C),
        ("Answer: A", C),
        ("D", S),
        ("d)", S),
        ("Answer: D. stop_training", S),
        ("C: the progress is slow", U),
        ("E", None),
        ("Answer: E", None),
        ("7", None),
        ("The answer is B because the gap is large.", R),
        ("You control the learning rate of a neural network while it "
         "trains. Every 5 epochs you read its metrics and choose one "
         "action.",
         None),
        ("Answer with the name of one action, a colon and one short "
         "reason.",
         None),
    ],
    "plain_words": [
        ("bump the rate up", U),
        ("The gap is small, therefore: continue", C),
        ("continue, but with a lower rate", R),
        ("Increase.", U),
        ("keep training", C),
        ("Reduce the current learning rate.", R),
        ("The learning rate should be lowered.", R),
        ("The loss is decreasing at a steady rate, so continue.", C),
        ("The answer is reduce_learning_rate.", R),
        ("The best action is to reduce the learning rate.", R),
        ("I would choose reduce_learning_rate because the gap is 16 "
         "points.",
         R),
        ("Based on the metrics, the validation loss is rising while "
         "the training loss falls. I recommend reducing the learning "
         "rate.",
         R),
        ('action = "reduce_learning_rate"', R),
        ("reduce_learning_rate()", R),
        ("Reduce learning rate: the gap is large", R),
        ("Reduce the LR by a factor of 0.7.", R),
        ("Drop the learning rate.", R),
        ("The learning rate needs to go down.", R),
        ("Use a smaller learning rate.", R),
        ("Let's decrease the step size.", R),
        ("decaying the learning rate would help", R),
        ("Let's raise the learning rate a bit.", U),
        ("I suggest a higher learning rate.", U),
        ("The learning rate should be increased to 0.013.", U),
        ("Training is slow, so bump up the learning rate.", U),
        ("Keep going.", C),
        ("Carry on with the current learning rate.", C),
        ("Keep the learning rate as it is.", C),
        ("No change needed.", C),
        ("Let's keep the current learning rate.", C),
        ("I would continue training.", C),
        ("Continue with the same learning rate.", C),
        ("Continue. The loss is falling.", C),
        ("continue: the loss will continue to fall", C),
        ("We should continue training for 5 more epochs.", C),
        ("Maintain the current learning rate.", C),
        ("Leave the learning rate unchanged.", C),
        ("No need to reduce or increase the rate; continue.", C),
        ("Neither increase nor reduce; just continue.", C),
        ("The best option is to continue.", C),
        ("The loss will continue to rise, so reduce the rate.", R),
        ("Reduce the learning rate to continue improving.", R),
        ("reduce_learning_rate: continuing at this rate would overfit", R),
        ("continue_training", C),
        ("stp_training is wrong; reduce_learning_rate", R),
        ("cotinue: gap small", C),
        ("* continue", C),
        ("Answer: continue, since the loss falls", C),
        ("Decision: Continue training.", C),
        ("Decision: Reduce Learning Rate (gap 16 points)", R),
        ("1. reduce_learning_rate: the gap is large", R),
        ("Okay, let me look. Training accuracy is 92% and validation "
         "accuracy 76%. The gap is large, which suggests overfitting. "
         "Reduce the learning rate.",
         R),
        ("Given the gap of 16 points, the model is overfitting. I "
         "should reduce the learning rate to prevent this.",
         R),
        ("The model is overfitting, so the learning rate should be "
         "reduced.",
         R),
        ("Reduce_learning_rate because the validation loss is increasing", R),
        ("The training loss is decreasing and the validation accuracy "
         "is increasing. Continue.",
         C),
        ("The training loss is decreasing and the validation accuracy "
         "is increasing, so we should continue training.",
         C),
        ("The loss is falling and we should continue.", C),
        ("The progress is slow but steady. Increase the learning rate "
         "to speed up convergence.",
         U),
        ("increase_learning_rate: both accuracies are low and still "
         "rising slowly",
         U),
        ("turn the learning rate down", R),
        ("turn up the learning rate", U),
        ("crank up the LR", U),
        ("scale down the learning rate", R),
        ("Multiply the learning rate by 0.7", R),
        ("multiply the learning rate by 1.3", U),
        ("The best choice is (b) reduce_learning_rate.", R),
        ("My decision is to reduce the learning rate.", R),
        ("Final decision: reduce_learning_rate. Continue would overfit.", R),
        ("The learning rate could be reduced, as the gap grows.", R),
    ],
    "stops": [
        ("STOP_TRAINING", S),
        ("stop training", S),
        ("early stopping now", S),
        ("Final answer: stop_training", S),
        ("stop", S),
        ("stop_training: no improvement for 20 epochs", S),
        ("I think we should stop training now.", S),
        ("The model has converged, so stop.", S),
        ("We should stop.", S),
        ("It is time to stop.", S),
        ("It's best to end the training here.", S),
        ("Training should be stopped.", S),
        ("The accuracy is high. Therefore, I recommend stopping.", S),
        ("Recommendation: early stopping", S),
        ("stop_trainning", S),
        ("The accuracy has reached 99% and there is nothing more to "
         "gain. Stop training.",
         S),
        ("stop_training: The validation loss has not improved for 20 "
         "epochs; continuing would waste time.",
         S),
        ("We have reached the best accuracy. There's no point in "
         "continuing. stop_training",
         S),
        ("No further improvement is expected, so end training.", S),
        ("Terminate the training.", S),
        ("halt", S),
        ("Halt training now.", S),
        ("I recommend early stopping.", S),
    ],
    "no_stops": [
        ("stop increasing the rate", None),
        ("the model can't stop overfitting", None),
        ("the loss stopped falling", None),
        ("the accuracy stops improving", None),
        ("non-stop", None),
        ("To stop the overfitting we need more data.", None),
        ("There is no need to reduce the rate, increase it, or stop "
         "training.",
         None),
        ("reduce the rate and stop training", None),
        ("avoid stopping", None),
        ("stop_training: not needed yet", None),
        ("If the loss keeps rising, stop training.", None),
        ("Should we stop training?", None),
        ("The training loss stopped improving.", None),
        ("The loss will stop falling.", None),
        ("The loss may stop.", None),
        ("to stop training loss from rising we need more data", None),
        ("This will stop it from overfitting.", None),
        ("Stopping now would be premature.", None),
        ("It would be premature to stop training.", None),
        ("It is too early to stop.", None),
        ("I see no reason to stop.", None),
        ("We need to stop the divergence.", None),
        ("The gap should stop growing.", None),
        ("stop_training is not needed.", None),
        ("Do not stop_training.", None),
        ("We are not at the stop_training point.", None),
        ("Training should not be stopped.", None),
        ("I would never stop training here.", None),
        ("Unless the loss falls, stop training.", None),
        ("increase_learning_rate and stop_training are not "
         "appropriate here.",
         None),
        ("Avoid drastic actions such as stopping.", None),
        ("Early stopping is not needed", None),
        ("don't stop", None),
        ("Without early stopping the model overfits.", None),
        ("The stop_training option is wrong.", None),
        ("I can't recommend stop_training", None),
        ("stop_training? No.", None),
        ("The loss is not improving and the model cannot stop", None),
        ("You can stop worrying.", None),
        ("stop lowering the rate", None),
        ("Stop overfitting.", None),
        ("stopping criterion", None),
        ("The model stops learning at epoch 12.", None),
        ("full stop", None),
        ("Answer: B) stop_training", None),
        ("continue\nstop_training", None),
        ("I am torn between continue and stop_training.", None),
        ("Either continue or stop training.", None),
        ("A loss that jumps, rises or is nan calls for a lower rate; "
         "progress that is steady but slow for a higher one; stop "
         "only when nothing more is to be gained.",
         None),
        ("early stopping patience is 5", None),
        ("Early stopping might be useful later.", None),
        ("The optimizer halts learning.", None),
        ("terminate called after throwing an instance", None),
        ("This is the end.", None),
        ("In the end the loss fell.", None),
        ("Stopwords and nonstop", None),
        ("It's hard to stop.", None),
        ("We should not be too quick to stop.", None),
        ("Let's not stop.", None),
        ("I wouldn't stop.", None),
        ("I don't think we should stop training.", None),
        ("It makes little sense to stop.", None),
        ("Nobody would stop here.", None),
        ("stop_training would be a mistake", None),
        ("Stopping is a bad idea.", None),
        ("stop_training is the worst option", None),
        ("far from stop_training", None),
        ("Rather than stop_training", None),
        ("stop training? never", None),
        ("The question is whether to stop.", None),
        ("I considered stop_training but rejected it.", None),
        ("stop_training is ruled out.", None),
        ("It is not yet time to stop training.", None),
        ("We can stop training once the loss is flat.", None),
        ("stop training when the loss is flat", None),
        ("The user asks if we should stop training.", None),
        ("Next time we may stop training.", None),
        ("Soon we will stop training.", None),
        ("We'll stop training at epoch 50.", None),
    ],
    "refused": [
        ("do not stop, continue", C),
        ("continue without raising the rate", C),
        ("rather than stopping, reduce", R),
        ("rather than stopping, reduce the learning rate", R),
        ("no need to stop; keep going", C),
        ("I would not continue like this; lower the rate", R),
        ("The learning rate should not be lowered.", None),
        ("The loss is still falling, so I would not stop; lowering "
         "the rate is best.",
         R),
        ("Continue for now; if the gap grows, stop training.", C),
        ("Should we stop training? No, continue.", C),
        ("Don't reduce the learning rate, don't increase it, and "
         "don't stop: continue.",
         C),
        ("reduce_learning_rate. The model is overfitting. If it keeps "
         "on, stop_training.",
         R),
        ("There's no point in continuing.", None),
    ],
    "several_named": [
        ("continue\nreduce_learning_rate\nincrease_learning_rate\n"
         "stop_training\n\ncontinue",
         C),
        ("reduce_learning_rate: better than to continue", R),
        ("- continue: keep the learning rate as it is\n- "
         "reduce_learning_rate: multiply the learning rate by 0.7\n- "
         "increase_learning_rate: multiply the learning rate by 1.3\n"
         "- stop_training: end the training now and keep what was "
         "learned\n\nreduce_learning_rate: the gap",
         R),
        ("Options: continue, reduce_learning_rate, "
         "increase_learning_rate, stop_training. I choose "
         "stop_training.",
         S),
        ("A) continue\nB) reduce_learning_rate\nC) "
         "increase_learning_rate\nD) stop_training\nAnswer: D",
         S),
        ("(a) continue (b) reduce_learning_rate (c) "
         "increase_learning_rate (d) stop_training\n\n(b)",
         R),
        ("First I thought continue. Then stop_training. Final answer: "
         "reduce_learning_rate",
         R),
    ],
    "echoes_and_two": [
        ("continue\nreduce_learning_rate\nincrease_learning_rate\n"
         "stop_training",
         None),
        ("continue, reduce_learning_rate, increase_learning_rate, or "
         "stop_training",
         None),
        ("continue or reduce_learning_rate", None),
        ("continue, reduce_learning_rate", None),
        ("reduce_learning_rate or increase_learning_rate", None),
        ("continue / reduce_learning_rate / increase_learning_rate", None),
        ("- continue: keep the learning rate as it is\n- "
         "reduce_learning_rate: multiply the learning rate by 0.7",
         None),
        ("A or B", None),
        ("Option A or option B", None),
        ("Please choose one of the following: continue, "
         "reduce_learning_rate, increase_learning_rate, stop_training",
         None),
        ("The options are continue, reduce_learning_rate, "
         "increase_learning_rate and stop_training.",
         None),
        ("1. continue\n2. reduce_learning_rate\n3. "
         "increase_learning_rate\n4. stop_training",
         None),
        ("a) stop_training\nb) continue\nc) reduce_learning_rate\nd) "
         "increase_learning_rate",
         None),
        ("stop_training\nincrease_learning_rate\n"
         "reduce_learning_rate\ncontinue",
         None),
        ("continue reduce_learning_rate increase_learning_rate "
         "stop_training",
         None),
    ],
    "nothing": [
        ("it trains nonstop", None),
        ("", None),
        ("I don't know", None),
        ("The top training accuracy is 99%.", None),
        ("At this step training accuracy is 99%.", None),
        ("The loss continues to fall.", None),
        ("The loss is lower than before.", None),
        ("The learning rate was reduced at the last decision.", None),
        ("The accuracy is increasing.", None),
        ("increasing accuracy at a steady rate", None),
        ("Learning rate: 0.01 -> 0.007", None),
        ("42", None),
        ("the learning rate is too high", None),
        ("The loss went up.", None),
        ("Validation accuracy went down.", None),
        ("The learning rate is 0.01.", None),
        ("You could reduce the learning rate or increase it.", None),
    ],
    "markdown_json_tags": [
        ("**reduce_learning_rate**: The gap is large.", R),
        ("### Decision\nreduce_learning_rate", R),
        ("`reduce_learning_rate`", R),
        ("| Action | Reason |\n|---|---|\n| reduce_learning_rate | "
         "The gap is large |",
         R),
        ('{"action": "reduce_learning_rate", "reason": "The gap is '
         'large, do not stop."}',
         R),
        ('```json\n{"action": "reduce_learning_rate", "reason": '
         '"gap"}\n```',
         R),
        ('{"action": "reduce_learning_rate", "reas', R),
        ("{'action': 'reduce_learning_rate'", R),
        ('{"decision": "continue"}', C),
        ('{"decision": "continue", "reason": "no need to stop_training"}', C),
        ('{"reasoning": "We could continue, but the gap is large", '
         '"action": "reduce_learning_rate"}',
         R),
        ("**Action:** reduce_learning_rate\n\n**Reason:** The gap is "
         "large",
         R),
        ("**Answer: B**", R),
        ("\\boxed{reduce_learning_rate}", R),
        ("\\boxed{B}", R),
        ("<answer>reduce_learning_rate</answer>", R),
        ("**Decision**: `reduce_learning_rate`", R),
        ("Action: **B) reduce_learning_rate**", R),
        ("**D**", S),
        ('{"continue": 0.2, "reduce_learning_rate": 0.5, '
         '"increase_learning_rate": 0.1, "stop_training": 0.2}',
         None),
        ("continue | reduce_learning_rate | increase_learning_rate | "
         "stop_training",
         None),
        ('["continue", "stop_training", "reduce_learning_rate", '
         '"increase_learning_rate"]',
         None),
    ],
    "thinking": [
        ("<think>We could stop_training.</think>\n\n"
         "reduce_learning_rate: the gap",
         R),
        ("<think>stop_training is the best", None),
        ("<think>\nOkay, continue", None),
        ("</think>\ncontinue", C),
        ("<think>\n\n</think>\n\nreduce_learning_rate: x y z", R),
        ("<think>a</think><think>b</think> reduce_learning_rate", R),
        ("hmm <think> stop_training", None),
        ("reasoning... stop_training? </think> continue", C),
    ],
    "chinese": [
        ("继续", C),
        ("降低学习率", R),
        ("提高学习率", U),
        ("停止训练", S),
        ("不要停止，继续", C),
        ("不要停止训练", None),
        ("不要停止训练，降低学习率", R),
        ("建议继续训练。", C),
        ("验证损失上升，建议降低学习率。", R),
        ("学习率应该提高", U),
        ("不应该降低学习率", None),
        ("模型已经收敛，因此停止训练。", S),
        ("损失停止下降", None),
        ("保持学习率不变", C),
        ("将学习率降低到0.007", R),
        ("答案：继续", C),
        ("决定：停止训练", S),
        ("选择B", R),
        ("训练损失不再下降", None),
        ("没有必要停止训练，应减小学习率", R),
        ("避免停止训练", None),
        ("现在应该继续训练，不要停止。", C),
        ("应该停止训练", S),
        ("是否停止训练？", None),
        ("不能停止训练", None),
        ("如果损失上升，停止训练", None),
        ("学习率太高，降低学习率", R),
        ("提高学习率，因为进展缓慢", U),
        ("答案是B", R),
        ("减小学习率", R),
        ("下调学习率", R),
        ("增大学习率", U),
        ("结束训练", S),
        ("保持当前学习率", C),
        ("继续、降低学习率、提高学习率、停止训练", None),
    ],
    "broken_later": [
        # written after the first version, to break it
        ("Reduce the batch size.", None),
        ("Increase the batch size.", None),
        ("Increase regularization.", None),
        ("Reduce overfitting.", None),
        ("Reduced loss", None),
        ("Continued improvement", None),
        ("Continues to fall.", None),
        ("Lower.case", None),
        ("Reduce.", R),
        ("Stopping criteria are not met.", None),
        ("We stopped.", None),
        ("Training stopped.", None),
        ("The training has been stopped.", None),
        ("Let's stop here.", S),
        ("I'd stop now.", S),
        ("My recommendation: stop training.", S),
        ("Action: Stop", S),
        ("Decision: STOP", S),
        ("stop_training - the model has converged", S),
        ("Stop training, since nothing is gained.", S),
        ("The validation loss has been flat for 30 epochs. I suggest "
         "to end the training.",
         S),
        ("The validation accuracy is 98.5%, which is excellent. We "
         "can stop training.",
         S),
        ("I would terminate the run now.", S),
        ("I would hate to stop.", None),
        ("Let's see when to stop.", None),
        ("You must not stop.", None),
        ("I'm not going to stop.", None),
        ("Why stop now?", None),
        ("Who would stop now?", None),
        ("One could stop now but that would be a pity.", None),
        ("One might stop here.", None),
        ("Please don't stop the training.", None),
        ("Only a fool would stop training.", None),
        ("Stop the training? I think not.", None),
        ("Do we stop? Not yet.", None),
        ("Stopping: no.", None),
        ("Not stop_training.", None),
        ("anything but stop_training", None),
        ("everything except stop_training", None),
        ("Options other than stop_training are better.", None),
        ("stop_training has a probability of 5%", None),
        ("The least likely action is stop_training", None),
        ("The worst action is stop_training.", None),
        ("The action to avoid is stop_training.", None),
        ("Avoid: stop_training", None),
        ("Not recommended: stop_training", None),
        ("Wrong answer: stop_training", None),
        ("The wrong answer is stop_training", None),
        ("Bad choice: stop_training", None),
        ("Do NOT: stop_training", None),
        ("previous decision: stop_training", None),
        ("Previous action: reduce_learning_rate", None),
        ("Last decision: increase_learning_rate", None),
        ("Stop condition: none", None),
        ("STOP TOKEN", None),
        ("The user said stop.", None),
        ('"stop_training" means to end the training now.', None),
        ("Let's keep going and see.", C),
        ("I'll continue.", C),
        ("I'd say continue.", C),
        ("Just continue!", C),
        ("keep on training", C),
        ("Everything looks good, keep it up and continue training", C),
        ("continue (the gap is small)", C),
        ("Nothing to change. Continue.", C),
        ("The trend is good; no need for changes. continue", C),
        ("I'd suggest decreasing the learning rate slightly.", R),
        ("We need to lower the current learning rate a little.", R),
        ("Overfitting. Lower learning rate.", R),
        ("A lower learning rate would help.", R),
        ("A smaller step size is needed.", R),
        ("lr should go down", R),
        ("The right move: reduce the learning rate", R),
        ("Reducing the learning rate is the best choice.", R),
        ("It is best to reduce learning rate", R),
        ("We should reduce the learning rate instead of stopping.", R),
        ("reduce the learning rate, don't stop training", R),
        ("Reduce the learning rate to stop overfitting.", R),
        ("reduce the learning rate to prevent overfitting and continue", R),
        ("A higher learning rate would help.", U),
        ("Since learning is slow, increase the rate.", U),
        ("The rate is too small; increase the learning rate.", U),
        ("speed up: raise the LR", U),
        ("not reduce, but increase the learning rate", U),
        ("Instead of reducing the rate, we should increase it: "
         "increase_learning_rate",
         U),
        ("Increasing the learning rate would be risky.", None),
        ("Lowering the rate is unnecessary.", None),
        ("We cannot increase the learning rate.", None),
        ("reducing the learning rate won't help", None),
        ("The learning rate is decaying.", None),
        ("The learning rate decays by 0.7 every 5 epochs.", None),
        ("Increase the number of epochs.", None),
        ("increase the batch size and the rate of augmentation", None),
        ("lower the dropout rate", None),
        ("Increase the dropout rate.", None),
        ("reduce the error rate", None),
        ("the rate should be slightly lowered", R),
        ("The learning rate decreased at epoch 5.", None),
    ],
}


def action_in(reply, actions=ACTIONS):
    decision = parse_decision(reply, actions)
    return decision and decision.action



@pytest.mark.parametrize("rule", PLAIN, ids=lambda rule: rule[2])
def test_a_rule_does_to_its_example_what_the_table_says(rule):
    pattern, replacement, example, result = rule
    assert pattern.sub(replacement, example) == result != example


@pytest.mark.parametrize(
    "reply, action",
    [pytest.param(*pair, id=f"{kind}-{i}")
     for kind, pairs in REPLIES.items() for i, pair in enumerate(pairs)],
)
def test_replies(reply, action):
    assert action_in(reply) == action


def test_the_table_is_large_and_holds_every_action_and_none():
    pairs = list(itertools.chain(*REPLIES.values()))
    assert len(pairs) == len(set(pairs)) >= 120
    assert {action for _, action in pairs} == set(NAMES)


@pytest.mark.parametrize("reply, action", [
    ("restore_best: the loss exploded", "restore_best"),
    ("RESTORE BEST", "restore_best"),
    ("RestoreBest", "restore_best"),
    ("restore_bst", "restore_best"),
    ("Let's roll back to the best weights.", "restore_best"),
    ("We should revert to the best epoch.", "restore_best"),
    ("恢复", "restore_best"),
    ("E", "restore_best"),
    ("Answer: 5", "restore_best"),
    ("Do not roll back; continue.", C),
    ("There is no need to restore the best weights.", None),
    ("continue, reduce_learning_rate, increase_learning_rate, "
     "stop_training, restore_best", None),
    ("reduce_learning_rate", R),
    ("restore_best or stop_training", None),
])
def test_a_fifth_action_is_read_from_its_record(reply, action):
    assert action_in(reply, FIVE) == action


@pytest.mark.parametrize("reply, action", [
    ("cool_down: the gap is large", "cool_down"),
    ("Cool Down", "cool_down"),
    ("wait-and-see", "wait_and_see"),
    ("warmUp", "warm_up"),
    ("lower the learning rate", "cool_down"),
    ("finish", "finish"),
    ("We should finish.", "finish"),
    ("The model has to finish its warmer phase", None),
    ("do not finish, cool_down", "cool_down"),
    ("reduce_learning_rate", "cool_down"),  # reads as the words it is made of
    ("wait_and_see, cool_down, warm_up, finish", None),
])
def test_renamed_actions(reply, action):
    assert action_in(reply, RENAMED) == action


def test_letters_and_numbers_follow_the_order_of_the_actions():
    for actions in itertools.permutations(ACTIONS):
        for i, action in enumerate(actions):
            assert action_in("ABCD"[i], actions) == action.name
            assert action_in(f"Answer: {i + 1}", actions) == action.name


@pytest.mark.parametrize("reply, reason", [
    ("reduce_learning_rate: The gap of 16.0 points is large.",
     "The gap of 16.0 points is large."),
    ("**reduce_learning_rate**: The *gap* is large.", "The gap is large."),
    ('{"action": "continue", "reason": "Both losses fall, slowly."}',
     "Both losses fall, slowly."),
    ("**Action:** continue\n\n**Reason:** It still improves.",
     "It still improves."),
    ("The gap is large. It grows.\nAnswer: reduce_learning_rate",
     "The gap is large."),
    ("<think>Hm, the gap is huge.</think>\ncontinue: all is well here",
     "all is well here"),
    ("I would lower the LR because the gap is large.",
     "I would lower the LR because the gap is large."),
    ("\n".join(f"- {a.line}" for a in ACTIONS)
     + "\n\ncontinue: the loss falls nicely", "the loss falls nicely"),
    ("continue", NO_REASON),
    ("B", NO_REASON),
    ('{"action": "continue"}', NO_REASON),
])
def test_the_reason_is_the_models_own_sentence(reply, reason):
    decision = parse_decision(reply)
    assert decision.reason == reason
    assert decision.source == "model"
    assert decision.reply == reply


@pytest.mark.parametrize("reply", [None, 3, b"continue", ["continue"]])
def test_what_is_no_text_is_an_error_that_shows_the_value(reply):
    with pytest.raises(ValueError, match="reply="):
        parse_decision(reply)


def test_unusable_actions_are_an_error():
    with pytest.raises(ValueError, match="two or more"):
        parse_decision("continue", [CONTINUE])


# ---- properties ----------------------------------------------------------

VOCABULARY = st.lists(st.sampled_from(
    "continue reduce_learning_rate stop_training increase lower the rate stop "
    "training not no , . : ; ? \n - ( ) | ** ` { } \" ' <think> </think> "
    "answer option B 2 if or but with 不要 停止 训练 学习率".split(" ")))
ANY_TEXT = st.one_of(
    st.text(max_size=500), VOCABULARY.map(" ".join), VOCABULARY.map("".join))


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT, st.sampled_from([ACTIONS, FIVE, RENAMED]))
def test_any_text_gives_an_action_of_the_list_or_none(text, actions):
    decision = parse_decision(text, actions)
    if decision is not None:
        assert decision.action in {action.name for action in actions}
        assert decision.reason.strip()
        assert decision.reply == text


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT)
def test_no_reply_holds_a_stop_that_never_speaks_of_one(text):
    for word in ("stop", "停", "d", "4", "halt", "end", "terminat"):
        text = text.lower().replace(word, "")
    for word in ("stop", "停", "d", "4", "halt", "end", "terminat"):
        if word in text:  # removing one word can make another
            return
    assert action_in(text) != S


@pytest.mark.parametrize("piece", [
    "<think>", "</think>", "<think>x</think>", "stop ", "not ", "{", '"', "a",
    "-", "_", "a_", "continue", "continue, ", "reduce the ", "rate ",
    "learning rate is ", "\n", "1. ", "(", "?", "的", "停止", "answer: ",
    ", or ", "**", "|", " ", "\u0130", "\ufdfa", "\ud800", "option ",
    "i and we ",
    "'", "', '", "stop_trainin ", "A: \n",
])
def test_ten_million_characters_return(piece):
    text = piece * (10_000_000 // len(piece))
    decision = parse_decision(text)
    assert decision is None or decision.action in NAMES


def test_a_long_reply_is_read_at_both_ends():
    filler = "The loss is what it is. " * 100_000
    assert action_in(f"continue: fine.\n{filler}") == C
    assert action_in(f"{filler}\nFinal answer: stop_training") == S
    assert action_in(f"continue\n{filler}\nstop_training") is None
    # a cut never exposes a word without its sentence or its "not"
    for shift in range(40):
        text = "do not ever stop training " * 2000 + "x" * shift
        assert action_in(text) is None
        text = "nonstop training " * 2000 + "x" * shift
        assert action_in(text) is None


def test_work_grows_with_the_text_no_faster(monkeypatch):
    """Counted in characters handed to the patterns of the actions."""
    read = []
    named = parser.named

    def counted(words, actions):
        read.append(len(words))
        return named(words, actions)

    monkeypatch.setattr(parser, "named", counted)
    for length in (1000, 100_000, 10_000_000):
        read.clear()
        parse_decision("The rate is lower. " * (length // 19))
        assert sum(read) <= 4 * min(length, 2 * parser.LIMIT)


WRAPPERS = {
    "bare": "{}",
    "bold": "**{}**",
    "code": "`{}`",
    "heading": "### {}",
    "bullet": "- {}",
    "numbered": "1. {}",
    "json": '{{"action": "{}", "reason": "the gap is large"}}',
    "broken json": '{{"action": "{}", "reas',
    "python": "{{'action': '{}'}}",
    "fenced": '```json\n{{"action": "{}"}}\n```',
    "tag": "<answer>{}</answer>",
    "boxed": "\\boxed{{{}}}",
    "label": "Answer: {}",
    "bold label": "**Final answer:** {}",
    "sentence": "The best action is {}.",
    "reasoning before": "The gap is 16 points and it grows.\n\n{}",
    "therefore": "The gap is 16 points; therefore: {}",
    "reason behind": "{}: the gap is 16 points",
    "dash": "{} - the gap is 16 points",
    "thought": "<think>stop_training or continue?</think>\n\n{}",
    "end of thought": "so, stop_training... or continue?\n</think>\n{}",
    "table": "| action | reason |\n|---|---|\n| {} | the gap |",
    "echo before": "Options: stop_training, continue, reduce_learning_rate, "
                   "increase_learning_rate.\nAnswer: {}",
    "chinese label": "答案：{}",
}
SPELLINGS = (
    str, str.upper, str.title,
    lambda name: name.replace("_", " "),
    lambda name: name.replace("_", "-"),
    lambda name: name.replace("_", " ").title(),
    lambda name: name.replace("_", " ").title().replace(" ", ""),
)


@pytest.mark.parametrize("kind", WRAPPERS)
def test_every_action_is_found_in_every_wrapper_and_spelling(kind):
    for action, spell in itertools.product(ACTIONS, SPELLINGS):
        reply = WRAPPERS[kind].format(spell(action.name))
        assert action_in(reply) == action.name, reply


@given(st.sampled_from(RENAMED + (RESTORE,)),
       st.sampled_from(list(WRAPPERS)))
def test_other_actions_are_found_in_every_wrapper(action, kind):
    if kind == "echo before":
        kind = "label"  # that echo is one of the four
    reply = WRAPPERS[kind].format(action.name).replace("stop_training", "x")
    reply = reply.replace("continue", "y")
    assert action_in(reply, RENAMED + (RESTORE,)) == action.name


@pytest.mark.parametrize("actions", [ACTIONS, FIVE, RENAMED])
def test_an_echo_of_the_options_in_any_order_is_no_answer(actions):
    for order in itertools.permutations(actions):
        names = [action.name for action in order]
        lines = [action.line for action in order]
        for reply in (
            ", ".join(names), " ".join(names), " / ".join(names),
            " | ".join(names), " - ".join(names), "\n".join(names),
            ", ".join(names[:-1]) + " or " + names[-1],
            "Options: " + ", ".join(names[:-1]) + f", or {names[-1]}.",
            "\n".join(lines), "\n".join(f"- {line}" for line in lines),
            "\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1)),
            "\n".join(f"{letter}) {name}"
                      for letter, name in zip("ABCDE", names)),
            "Choose one action: " + ", ".join(names),
            str(names),
        ):
            assert action_in(reply, actions) is None, reply


def test_an_echo_before_the_answer_does_not_hide_it():
    echo = "\n".join(f"- {action.line}" for action in ACTIONS)
    for action in ACTIONS:
        assert action_in(f"{echo}\n\n{action.name}") == action.name
        assert action_in(f"{echo}\nI choose {action.name}.") == action.name


@given(st.permutations(ACTIONS), st.sampled_from([
    "{} or {}", "{}, {}", "{}\n{}", "Answer: {} or {}", "{} and {}",
    "Answer: {}\nAnswer: {}", "either {} or {}", "{} / {}", "- {}\n- {}",
    '{{"action": ["{}", "{}"]}}', "I would {} and then {}.",
]))
def test_two_actions_that_both_stand_are_no_answer(order, form):
    assert action_in(form.format(order[0].name, order[1].name)) is None


@given(st.sampled_from(ACTIONS), st.data())
def test_a_misspelt_name_is_never_another_action(action, data):
    name = action.name
    at = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    for typo in (
        name[:at] + name[at + 1:], name[:at] + letter + name[at:],
        name[:at] + letter + name[at + 1:],
        name[:at] + name[at:at + 2][::-1] + name[at + 2:],
    ):
        for reply in (typo, f"{typo}: the gap is large", f"Answer: {typo}"):
            assert action_in(reply) in (name, None), reply


@pytest.mark.parametrize("action", ACTIONS)
def test_a_long_name_survives_each_single_typo(action):
    name = action.name
    if "_" not in name:
        return
    for at in range(len(name)):
        typo = name[:at] + name[at + 1:]
        assert action_in(f"Answer: {typo}") == name, typo


@given(st.sampled_from([R, U, S]), st.data())
def test_a_name_that_was_cut_off_is_completed(name, data):
    length = data.draw(st.integers(name.index("_") + 2, len(name)))
    assert action_in(name[:length]) == name


REFUSING = ("do not {}", "Don't {}.", "I would not {} here.", "never {}",
            "{} is not needed.", "There is no need to {}.", "avoid {}",
            "without {}", "I would rather not {}.", "{}? No.",
            "It would be premature to {}.", "It is too early to {}.",
            "{} would be wrong.", "If the loss rises, {}.",
            "Should we {}?", "{}: not needed")


@pytest.mark.parametrize("form", REFUSING)
def test_a_refused_action_is_dropped_and_another_stands(form):
    for refused, chosen in itertools.permutations(ACTIONS, 2):
        reply = form.format(refused.name)
        assert action_in(reply) is None, reply
        reply = f"{reply}\n{chosen.name}: the gap"
        assert action_in(reply) == chosen.name, reply


SUBJECTS = ("the loss", "the accuracy", "progress", "the gap", "overfitting",
            "the network", "validation loss", "it", "the improvement")
VERBS = ("stops", "stopped", "has stopped", "will stop", "may stop",
         "does not stop", "seems to stop", "had to stop", "would stop")
OBJECTS = ("", " falling", " rising", " improving", " at epoch 12",
           " training well", " the decline")


def test_a_stop_of_something_else_is_no_stop():
    for subject, verb, thing in itertools.product(SUBJECTS, VERBS, OBJECTS):
        for reply in (f"{subject} {verb}{thing}", f"If {subject} {verb}",
                      f"Because {subject} {verb}{thing}, be careful."):
            assert action_in(reply) is None, reply


def test_words_may_be_a_list():
    action = replace(RESTORE, words=["roll back", "revert"])
    assert parse_decision("Let us revert.", (*ACTIONS, action)).action == (
        "restore_best")
    assert hash(action) == hash(replace(action, words=("roll back",
                                                       "revert")))
