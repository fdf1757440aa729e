"""Bytes to values and back, each with its span; the one door to pydicom's codec.

- PDUs: framer, pdus, pdu_encoding, fragments, reassembly, recognise
- command sets: commands
- data sets: datasets, data_reader, data_writer, values, value_rules, charset, replaced_text, element_walk, dicom_json
- files: dicom_files, file_front, file_writing, dicomdir
- what comes again is read once: echo_form, store_form, message_run, known_elements
- bytes explained: explain, explain_command, nodes, issues, secrets
- pictures: pictures, frames, grayscale, presentation_lut, printed, pattern
- exceptions: errors
"""
