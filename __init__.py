"""convrec: a conversational recommender built from language-model agents, for any catalogue."""
