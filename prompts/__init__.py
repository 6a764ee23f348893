"""Every word said to the model, as Markdown with front matter."""
