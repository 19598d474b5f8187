package catalog

func media() []Tool {
	return []Tool{
		{Name: "play_song", Easy: true, Description: "Play a song.",
			Params: []Param{
				{"title", "title of the song", oneOf(songs), ""},
				{"artist", "who plays it", oneOf(artists), "by {artist}"},
			},
			Asks: []string{
				`Play the song "{title}".`,
				`Play "{title}".`,
				`I want to hear "{title}".`,
			}},
		{Name: "create_playlist", Description: "Create a playlist of songs.",
			Params: []Param{
				{"name", "name of the playlist", oneOf([]string{"Road Trip", "Focus", "Workout", "Dinner", "Sunday Morning", "Party"}), ""},
				{"songs", "titles in order", several(songs, 2, 4), ""},
				{"public", "others may see it", flag(), "and make it public"},
			},
			Asks: []string{
				`Create a playlist "{name}" with the songs {songs}.`,
				`Make a playlist named "{name}" of {songs}.`,
				`Put {songs} into a new playlist "{name}".`,
			}},
		{Name: "set_volume", Easy: true, Description: "Set the volume of the speaker.",
			Params: []Param{{"percent", "0 is silent, 100 is loudest", integer(5, 100, 5), ""}},
			Asks: []string{
				"Set the volume to {percent} percent.",
				"Turn the sound to {percent} percent.",
				"Change the speaker volume to {percent}.",
			}},
		{Name: "search_movies", Description: "Search for movies.",
			Params: []Param{
				{"genre", "genre of the movie", oneOf(genres), ""},
				{"year", "year of release", integer(1970, 2025, 1), "from the year {year}"},
				{"min_rating", "lowest rating, 0 to 10", number(5, 9, 1), "with a rating of at least {min_rating}"},
			},
			Asks: []string{
				"Find a {genre} movie.",
				"I want to watch a movie of the genre {genre}.",
				"Search for {genre} movies.",
			}},
	}
}
