"""What a message does, by its set phrases: greets, thanks, asks, rejects, accepts, starts over."""

import re

from .idioms import HAIL

_POLITE = (
    r"please|thanks?(?: you)?|ok|okay|oh|well|hmm+|um+|uh|so|just|then|i think|i guess|really|"
    r"actually|lol|haha|though|pls|"
    r"man|no|yeah|yes|nah|nope|today|tonight|again|all|great|perfect|alright|good"
)


def _whole(pattern: str) -> re.Pattern[str]:
    """Matches when the message holds this and courtesies, and nothing else; in linear time (possessive repeats)."""
    return re.compile(rf"^(?=.*?\b(?:{pattern})(?!\w))\W*+(?>(?>(?:{pattern})|(?:{_POLITE}))(?!\w)\W*+)++$", re.DOTALL)


GREETING = _whole(
    rf"{HAIL}|how are you(?: doing)?(?: today)?|morning|afternoon|evening|"
    r"how'?s it going|how do you do|nice to meet you|(?:i )?hope (?:you(?:'re| are)?|all is|everything is)(?: doing)? "
    r"(?:well|fine|ok|good)|(?:it'?s )?my first time(?: here)?|first time here|(?:is this|am i) (?:where|in the right place)"
    r"(?: (?:i|we) can| to) ask(?: for \w+)?"
)
THANKS = _whole(
    r"thanks?(?: you)?(?: (?:so|very) much| a lot| a bunch| a million| again| for (?:the |your |"
    r"all (?:the |your )?)?(?:help|suggestions?|recommendations?|tips?|ideas?|that|this|everything|"
    r"info))?|thank you|thx|ty|cheers|much appreciated|appreciate it|i appreciate (?:it|that|"
    r"your help)|you'?re (?:great|the best|awesome|so helpful|very helpful)|that'?s (?:very |really |"
    r"so )?helpful|great help|awesome|cool|nice|lovely|have a (?:great|good|nice) (?:day|night|"
    r"evening|one|weekend)|you too|legend|mate|you'?(?:ve| have) been (?:a )?(?:great|very|so|really|"
    r"super)? ?(?:help(?:ful)?|kind|great)|(?:a )?great help|(?:what a )?star|helpful"
)
NO_THANKS = re.compile(r"^\W*(?:no|nah|nope)\W+(?:thanks?(?: you)?|thx|ta|cheers)(?: though| but no thanks)?\W*$")
BYE = _whole(
    r"(?:good[ -]?)?bye(?:[ -]?bye)?|see (?:you|ya)(?: later| soon| around)?|later|cya|good ?night|"
    r"that'?s (?:all|it)(?: for (?:now|today))?|i'?m (?:done|good|all set)|quit|exit|farewell|"
    r"talk to you later|ttyl|have a (?:great|good|nice) (?:day|night|evening|one|weekend)|take care|"
    r"(?:i )?(?:gotta|got to|have to|need to) go"
)
HELP = re.compile(
    r"^\W*(?:help(?: me)?|\?+|commands?|menu)\W*$|\bwhat (?:can|do|could) (?:you|i) (?:actually |"
    r"even )?(?:do|ask(?: you)?|say|help(?: me)? with|know)\b(?! (?:about|of|like))|"
    r"\bhow (?:do(?:es)? (?:this|you|it|i)(?: thing| page| bot)? (?:work|use)|can you help|to use)|"
    r"\bwho (?:are|r) (?:you|u)\b|\bwhat (?:are|r) you\b|\bare you (?:a |an )?(?:bot|human|ai|robot|"
    r"real|person|machine)|\bwhat'?s your name\b|\bwhat is (?:this|your name)\b|\byour instructions\b|"
    r"\bsystem prompt\b"
)
RESET = re.compile(
    r"\bstart(?:ing)? (?:over|again|afresh|anew|from scratch|fresh)\b|\b(?:from scratch|clean slate|"
    r"new (?:search|conversation|chat|topic|start))\b|\bforget (?:about )?(?:it all|"
    r"all (?:of )?(?:that|this|it|i said)|everything|(?:what|everything) i(?:'ve)? (?:said|told you)(?! (?:about|"
    r"against|on|regarding)\b))\b|^\W*(?:reset|restart|clear(?: all| everything)?|forget (?:it|that))\W*$|\b(?:clear|"
    r"reset|drop|remove) (?:all|everything|my (?:preferences|filters|wishes)|all (?:my |"
    r"the )?(?:preferences|filters))\b|\blet'?s (?:begin again|try again from)"
)
SURPRISE = re.compile(
    r"\bsurprise me\b|\b(?:anything|whatever)(?: is| you (?:like|want|think|have|pick|recommend)|"
    r" goes| works| at all|'s fine| will do)?\W*$|^\W*(?:anything|whatever|random|dealer'?s choice|"
    r"you (?:choose|pick|decide)|up to you|i'?m (?:easy|open)|your (?:choice|pick|call))\b|\b(?:pick|"
    r"choose|recommend|give me|show me|suggest|throw) (?:me )?(?:something|anything|one|"
    r"a few)?(?: at)? ?(?:random(?:ly)?|for me)\W*$|\bi'?m feeling lucky\b|\bjust pick\b|"
    r"\bpick (?:one|something|for me)\b|\byou (?:choose|pick|"
    r"decide)\b|\bi don'?t care(?: what)?\W*$|\bno (?:particular )?preferences?(?: at all|"
    r" really)?\W*$|\bi'?m open to anything\b|\bany(?:thing)? (?:one )?(?:is fine|will do|works|"
    r"goes)\b|\bany(?: old)? {noun}(?: at all)?\W*$|\brandom (?:one|pick|suggestion|recommendation)\b"
)
DECLINE = re.compile(
    r"\b(?:no (?:particular |strong |real )?preferences?|doesn'?t matter|does not matter|"
    r"don'?t (?:mind|care|know)|do not (?:mind|care|know)|not sure|no idea|dunno|idk|"
    r"either(?: is fine| way| one)?|any(?: of (?:them|those|these))?(?: is fine| will do| works)?|"
    r"all of (?:them|these|those)|whatever|anything|up to you|you (?:choose|pick|decide)|"
    r"none of (?:those|these|them)|skip(?: (?:it|that|this))?|surprise me|no(?:pe)?|not really|"
    r"not important|irrelevant|who cares|makes no difference)\b"
)
SEEN = re.compile(
    r"\b(?:(?:have|'ve|ve|has|had)? ?(?:already|all|both)? ?(?:seen|watched|read|played|"
    r"finished|completed|tried|been through|listened to|own|owned|bought)|(?:have|'ve|ve)(?: already| just)? had|"
    r"been there with|familiar with|(?:is|are) old news|already (?:saw|know|own|"
    r"have|got|did)|saw|rewatched|know (?:it|that one|this one|them|those))\b(?! (?:on|online|"
    r"a trailer|the trailer|anything|something|nothing|good|great|about|more|when|with my|reviews))"
)
NOT_SEEN = re.compile(
    r"\b(?:don'?t|do not|didn'?t|never)(?: \w+)? (?:know|knew)\b|\b(?:haven'?t|have not|hasn'?t|never|not|didn'?t|"
    r"did not)(?: \w+)? (?:seen|saw|watched|read|played|"
    r"heard|tried|see|watch|play|yet)\b|\b(?:don'?t|do not) (?:think|believe|remember)(?: that)? (?:i|"
    r"we)(?:'ve| have)?(?: ever)? (?:seen|saw|watched|read|played|watching|seeing)\b"
)
ACCEPT = re.compile(
    r"\b(?:i'?ll|i will|i'?m going to|i'?m gonna|let'?s|we'?ll|let me|gonna|i think i'?ll|"
    r"i'?d like to|we will|i can|i(?:'ve| have)? (?:got to|gotta|have to|need to|want to|should|might|"
    r"may|must)|will have to|i'?m definitely) "
    r"(?:definitely |probably |just |totally |have to |maybe |also )?(?:take|watch|see|read|play|buy|"
    r"get|go (?:with|for)|try|pick|choose|have|"
    r"check|look into|look (?:it|that|them) up|give|rent|order|do|add|start)\b(?! (?:something|"
    r"anything|a different|another|what|more|some|other|if|whether|how))|\bsold\b|\b(?:on|to) my (?:list|watchlist|queue)\b|"
    r"\bcan'?t wait to\b|\blooking forward to\b|\bgive (?:it|that(?: one)?|them) a (?:try|shot|go|"
    r"watch|chance)\b|\bcheck (?:it|that(?: one)?|them|those|these) out\b|\b(?:sounds|looks|"
    r"seems) (?:really |very |absolutely |so |pretty |like )?(?:a )?(?:good|great|perfect|amazing|"
    r"awesome|fun|interesting|lovely|fantastic|wonderful|right|nice|ideal|excellent|winner|plan)\b|"
    r"\b(?:that|this|it)(?:'s| is| one is|ll| will|'ll)? (?:works?|is it|perfect|great|exactly|"
    r"just what|do(?:es)?(?: it)?|the one)\b|\bit is\W*$|^\W*(?:go on then|perfect|great|excellent|"
    r"awesome|amazing|brilliant|fantastic|lovely|super|wonderful|alright|love it|yes(?: please)?|yep|"
    r"yeah|sure|deal|done|nice|cool|wonderful|good (?:choice|pick|one|idea|call)|exactly|bingo|"
    r"ooh?)\b|\b(?:i like|love) (?:the sound of|that|it|this|the)\b(?! (?:but|though))|"
    r"\bjust what i (?:want|need|was looking)|\bgreat (?:choice|pick|suggestion|idea)|\b(?:that|"
    r"this) (?:one )?(?:sounds|looks) (?:good|great|perfect)"
)
REJECT = re.compile(
    r"^\W*(?:nah|nope|no+)\W*(?:$|(?=(?:not|none|something|show|any|i (?:don'?t|want)|thanks?|too|try|"
    r"next|other|different|more|next)\b))|^\W*(?:pass|next|meh|boring|yuck|ew+|not (?:that|this|these|"
    r"those|it|quite|really|"
    r"for me|interested|my thing|convinced|feeling it))\b|\b(?:none|neither|not any) of (?:these|"
    r"those|them|the above)\b|\b(?:something|anything|somewhat) (?:else|different)\b|"
    r"\bnot (?:interested|what i (?:want|meant|was looking for|am looking for|had in mind|asked)|"
    r"for me|my (?:thing|taste|style|cup of tea)|these|those|quite (?:right|it))\b|\b(?:don'?t|do not|"
    r"didn'?t|did not) (?:really )?(?:like|want|fancy|care for|love|feel like) (?:it|that|this|these|"
    r"those|them|any|the (?:first|second|third|last)|that one|this one|either)\b|\b(?:different|"
    r"new) (?:ones?|options?|suggestions?|ideas?|recommendations?|choices?)\b|\btry again\b|\bi(?:'ll|"
    r" will| think i'?ll| would| have to)? pass\b|\bnot so much\b|\bnot (?:really )?(?:too |that |"
    r"very )?(?:my taste|keen|convinced|sold|feeling)\b|\bdon'?t (?:really )?(?:want|feel like|"
    r"wanna) (?:to )?(?:see|watch|read|play|try)(?:ing)? (?:it|that|this|them|any)\b|"
    r"\bnot (?:the|that) (?:first|second|third|last|one)\b|\bhate (?:it|that|this|these|those|them)\b|"
    r"\bboring\b\W*$|\bnothing (?:there|here|in there)(?: (?:is|was|really))?(?: (?:for|that|appeals|grabs|speaks|"
    r"interests|i)\b|\W*$)|"
    r"\bcan'?t (?:really )?(?:see|imagine|picture) (?:myself|me|us)\b|"
    r"\b(?:is|are)(?:n'?t| not)? (?:way |far |much )?(?:too (?:high|low)|(?:high|low|good) enough)\b|"
    r"\b(?:does|do)(?:n'?t| not) (?:work|do it|cut it) for (?:me|us)\b|"
    r"\btoo (?:long|old|short|new|expensive|violent|scary|dark|slow|sad|silly|obvious|"
    r"mainstream|difficult|weird|much)\b"
)
MORE = re.compile(
    r"^\W*(?:(?:uh|um+|hmm+|ok|okay|well|yes|yeah|so|and|then|please|oh|nah|no)\W+)*(?:(?:show|give|tell|hit|got|any|some)"
    r"(?: (?:me|us))?(?: with)? )*(?:(?:a few|some) )?(?:more|another(?: one)?|others?|"
    r"next)(?: (?:please|one|ones|options|suggestions|ideas|like (?:this|that|these|those|it|them)|"
    r"of (?:these|those|them|the same)|results|choices|recommendations|thanks?|haha|lol|"
    r"then|now))*\W*$|\bwhat else\b|\bkeep (?:them|'?em|those|it|the \w+) coming\b|\bnext (?:ones?|please|batch|lot)\b|"
    r"\bany other (?:ideas?|suggestions?|options?|thoughts|ones?|tips?|recommendations?)\b|"
    r"\b(?:have|got|see|show me|give me|any) (?:any |some )?other (?:ideas?|suggestions?|options?|ones?|"
    r"recommendations?|{nouns})\b|"
    r"\banything else\b(?! (?:you need|i need))|\b(?:show|give|any|some|got|recommend|"
    r"suggest)(?: me)?(?: (?:some|a few|any|two|three|five|\d+))? (?:more|others?|alternatives)\b|"
    r"\b(?:a few|some|any|one|two|three|four|five|\d+) (?:more|others)\b|\banother (?:one|suggestion|recommendation|"
    r"option|{noun})\b|\bkeep going\b|\bmore of (?:the same|these|those|that)\b|\bmore (?:options|"
    r"suggestions|recommendations|ideas|choices|{nouns})\b"
)
AGAIN = re.compile(
    r"\b(?:(?<!please read )(?<!read that )(?<!read it )(?<!once )(?<!^)again(?!\s*[?:])|(?:show|see|"
    r"tell)\b[^.!?;]*\bagain|repeat|(?:show|tell) me (?:those|them|that|these|the (?:first|last|"
    r"previous) (?:ones?|list)) again|what (?:were|was) (?:those|they|that|the (?:first|last|"
    r"previous)|your)|remind me|even if i'?ve seen|re-?watch|re-?read|re-?play|go back to|"
    r"already seen is (?:fine|ok)|including (?:ones|those) i'?ve)\b"
)
BETWEEN_TWO = re.compile(r"\b(?:than|or|versus|vs)\b")
COMPARE = re.compile(
    r"\b(?:which (?:one |of (?:them|these|those|the \w+) )?(?:is|are|has|would|do|should|was|runs|"
    r"costs|came)|compare|comparison|difference(?:s)? between|(?:better|worse|longer|shorter|older|"
    r"newer|cheaper|scarier|funnier): |how do (?:they|these|those) (?:differ|compare)|"
    r"what'?s the difference|which(?:'s| is)? (?:better|best|longer|longest|shorter|shortest|older|"
    r"oldest|newer|newest|cheaper|cheapest|scariest|funniest))\b"
)
WHY = re.compile(
    r"\bwhy (?:on earth |exactly |though )?(?:did|do|would|are|is|was|these|those|this|that|the|him|"
    r"her|it|them)\b|\bwhy\?|^\W*why\b|\bhow come\b|\bwhat makes (?:you|it|this|that|them|these)\b|"
    r"\breasons? (?:for|behind|why)\b|\bexplain (?:why|your|the|that|this|it)\b|\bon what basis\b"
)
ABOUT = re.compile(
    r"\bwhat(?:'s| is| are| was|s) (?:it|that|this|they|these|those|the \w+(?: \w+)?|"
    r".{1,60}?) (?:all )?about\b|\btell me (?:a bit |a little |some )?(?:more )?(?:about|on)\b|"
    r"\b(?:more|some) (?:info(?:rmation)?|details?)\b|\bdescribe\b|\bwhat(?:'s| is| are|"
    r"s) (?!it like to\b)[^.!?]{1,80} like\W*(?:\?|$)|\bwhat (?:can|should|do) i expect\b|\b(?:the )?(?:plot|story|synopsis|"
    r"summary|storyline|premise|blurb|description)(?![\w-])(?: of)?|\bwhat happens\b|\bsumm?ari[sz]e\b|"
    r"\bmore about\b|\bgive me (?:the )?(?:details|gist)\b"
)
QUESTION = re.compile(
    r"^\W*(?:and |so |ok |okay |hmm |but |also |wait,? |oh |hey,? )*(?:why on earth |"
    r"what on earth )?(?:(?:who|whose|what|when|where|which|how|what'?s|who'?s|where'?s|when'?s|how'?s)\b|"
    r"(?:is|are|was|were|does|do|did|has|have|can|could|will|would) (?:it|that|this|these|those|they|"
    r"them|he|she|you|i|we|the|there|any|either|both|one|#)(?!\w))|"
    r"[.!?,] (?:is|are|was|were|does|do|did|has|can|who|what|when|where|how) (?:it|that|this|they|he|"
    r"she|the)\b|\?\s*$|\b(?:tell me|do you know|"
    r"i wonder|can you tell me) (?:who|what|when|where|which|how|if|whether)\b"
)
ASKS_FOR_ITEMS = re.compile(
    r"\b(?:recommend|suggest|(?:any|some|more|other|have|give|for|need|want|new|good) (?:good |other |"
    r"more )?(?:suggestions?|recommendations?|ideas)|looking for|searching for|show me|find me|"
    r"find|give me|i (?:want|need|fancy|feel like)|(?:i'd|i would|we'd|we would) (?:like|love)|(?:i'm|"
    r"i am|we're) (?:after|in the mood|hoping|craving|thinking|up for|looking)|(?:we|i) (?:want|need|"
    r"can|could)|gimme|please|(?:do|have) you (?:have|got|know(?: of)?|carry)|have you got|got (?:any|"
    r"some|anything)|is there (?:a|an|any|some|something|anything)|are there (?:any|some|more)|"
    r"any(?:thing)? (?:good|with|from|by|like|about|similar|in|that|for|new|else|funny)|"
    r"what (?:should|can|could|shall|would|do|to) (?:i|we|you recommend|you suggest|watch|read|play|"
    r"see)|what are (?:some|the best|good|your)|what'?s (?:a|an|some|the best|good|out there|"
    r"your best)|which \w+ (?:should|would|can|could)|how about|what about|who has|something|anything|"
    r"some)\b"
)
NO_CONTEXT = re.compile(
    r"\b(?:weather|time is it|what day|date today|stock|bitcoin|news|president|capital of|recipe for|"
    r"joke|poem|translate|your (?:favou?rite|name|age)|(?:do|are|would) you (?:prefer|think (?!i|we)|"
    r"believe|feel|sleep|eat|drink|dream)|meaning of life|math|calculate|code|python|javascript|sql|"
    r"password|api key)\b|\d+\s*[+*/x]\s*\d+"
)
FORGET = re.compile(
    r"\b(?:forget(?: about)?|drop|lose|ditch|remove|scrap|scratch|skip|never ?mind(?: about)?|ignore|"
    r"cancel|take back|undo|leave out|disregard|without)\b(?! anything| any\b)(?: the| my| that| about|"
    r" all)*(?P<what>(?:(?!,? (?:and|but|then|in favou?r of) (?:go|make|give|show|try|take|do|find|let|use|have|get|want|i|"
    r"switch|instead|then)\b| instead\b)[^.!?;,])*)|\b(?P<what2>[\w' -]+?) (?:doesn'?t|does not|don'?t|do not|"
    r"no longer|isn'?t going to) (?:really )?matter\w*|"
    r"\b(?:ok|okay|fine|all? ?right|good) if (?:it|that|they)(?:'s| is| are|'re)?(?: not|n'?t)(?: an?| the| in| by|"
    r" with| from)*"
    r"(?P<what8>[^.!?;,]*)|\b(?:can|could) (?:live|do|go|manage) without (?P<what9>[^.!?;,]*)|"
    r"\b(?P<what10>[\w' -]+?) (?:is|was|are|were) (?:only|just) (?:an? )?(?:nice[- ]to[- ]have|bonus|idea|thought|"
    r"suggestion)\b|\b(?:don'?t|do not) care (?:about|for|what|which|how) (?:the |"
    r"its |their )?(?P<what3>[^.!?;,]*)|\b(?:any|no(?: particular)?|"
    r"whatever) (?P<what4>[\w ]{1,25}?)(?: is| are| will be|'s)? (?:fine|ok|okay|good|do|works?|"
    r"preference)\b|\bno longer (?:need|want|care about)(?P<what5>[^.!?;,]*)|"
    r"\b(?P<what6>[\w' -]+?) (?:is|are)(?: not|n'?t) (?:that |so |very |really |all that )?important|"
    r"\bdoesn'?t have to be (?P<what7>[^.!?;,]*)(?: any ?more)?"
)
ALLOW = re.compile(
    r"\b(?P<what>[\w'-]+(?: [\w'-]+){0,3}?) (?:is|are|would be|will be)(?: also| totally| perfectly| absolutely| quite| all)?"
    r" (?:fine|ok|okay|all ?right|alright|welcome|allowed)\b"
    r"|\b(?:don'?t|do not|wouldn'?t|would not) mind (?:an? |any |some |the )?(?P<what2>[^.!?;,]*)"
)
"""What lets something in that was kept out: "horror is fine tonight", "I don't mind horror"."""


def asks_about_items(level: str) -> bool:
    """Whether a message asks for recommendations rather than for a fact."""
    return bool(ASKS_FOR_ITEMS.search(level))


def with_nouns(pattern: re.Pattern[str], noun: str, nouns: str) -> re.Pattern[str]:
    """A pattern with the catalogue's own words for its items."""
    return re.compile(pattern.pattern.replace("{noun}", re.escape(noun)).replace("{nouns}", re.escape(nouns)))
