"""The notebook surface: magics, the live view and the cards. The only room that knows IPython."""
