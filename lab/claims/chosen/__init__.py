"""Do estimates and budgets hold for designs that a search chose, and that no model had seen? Chosen by halves, timed by the clock.

A search finds where a model is too hopeful. So that this shows, each design is chosen by a model that was learned from a random half
of a profile's families (`dsim.latency.refit`, halves as `dsim.shift` makes them), at budgets that spread over the profile's measured
designs. All are timed in one sitting with `dsim.measure`, with checks of the profile among them: designs drawn by chance that no
model learned from, timed when the profile was made. Nothing here is learned from by any profile.

The rule of judgement, written before any of these designs was timed:

1. **Speed.** The machine is not as quick on every day. All times of a stack are divided by the median of its checks' times today over
   those in its profile; that median is reported, with how often designs keep to their needs without it.
2. **Too hopeful.** Being chosen makes a stack's estimates too hopeful where the share of chosen designs that keep to what the
   *choosing* half's model said that they need lies below 90% with all of its 95% interval (halves drawn with replacement), and the
   checks keep more often by the very same models, again with all of the interval of the difference. The second condition is there
   because half the evidence alone makes a model worse. A stack is also too hopeful where the share by the model of *all* evidence
   lies below 90% with all of its interval.
3. **Remedy.** On such a stack, and on no other, needs are multiplied by the factor with which 90% of chosen designs keep to them,
   divided by that of the checks by the same models. It is adopted if, taken from all splits but one and judged on that one, the share
   comes nearer to 90%. Otherwise no price changes.

How much being chosen costs is told in two ways: by the clock, as how much slower designs are than the choosing half said, less the
same of the checks; and without a clock, as how much longer the other half of the same split says that they take.
"""
